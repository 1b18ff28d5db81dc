import { azure } from './azure/index.ts';
import { iptables } from './iptables/index.ts';
import { nftables } from './nftables/index.ts';
import type { Target } from './model.ts';

export { azure, iptables, nftables };

/** Every kind of firewall rules are written for and read from. */
export const targets: readonly Target[] = [nftables, iptables, azure];
