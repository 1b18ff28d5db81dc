import { asa } from './asa/index.ts';
import { azure } from './azure/index.ts';
import { fortigate } from './fortigate/index.ts';
import { ios } from './ios/index.ts';
import { iptables } from './iptables/index.ts';
import { nftables } from './nftables/index.ts';
import { paloalto } from './paloalto/index.ts';
import { srx } from './srx/index.ts';
import type { Target } from './model.ts';

export { asa, azure, fortigate, ios, iptables, nftables, paloalto, srx };

/** Every kind of firewall rules are written for and read from. */
export const targets: readonly Target[] = [
  nftables,
  iptables,
  asa,
  ios,
  paloalto,
  srx,
  fortigate,
  azure,
];
