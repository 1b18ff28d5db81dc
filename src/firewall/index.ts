export * from './audit/index.ts';
export * from './model/index.ts';
export { iptables } from './targets/iptables/index.ts';
export { nftables } from './targets/nftables/index.ts';
