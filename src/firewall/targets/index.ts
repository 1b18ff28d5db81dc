import { asa } from './asa/index.ts';
import { aws } from './aws/index.ts';
import { azure } from './azure/index.ts';
import { bicep } from './bicep/index.ts';
import { fortigate } from './fortigate/index.ts';
import { ios } from './ios/index.ts';
import { iptables } from './iptables/index.ts';
import { kubernetes } from './kubernetes/index.ts';
import { nftables } from './nftables/index.ts';
import { paloalto } from './paloalto/index.ts';
import { pf } from './pf/index.ts';
import { srx } from './srx/index.ts';
import { windows } from './windows/index.ts';
import type { Target } from './model.ts';

export {
  asa,
  aws,
  azure,
  bicep,
  fortigate,
  ios,
  iptables,
  kubernetes,
  nftables,
  paloalto,
  pf,
  srx,
  windows,
};

/** Every kind of firewall rules are written for and read from. */
export const targets: readonly Target[] = [
  nftables,
  iptables,
  pf,
  asa,
  ios,
  paloalto,
  srx,
  fortigate,
  windows,
  aws,
  azure,
  bicep,
  kubernetes,
];
