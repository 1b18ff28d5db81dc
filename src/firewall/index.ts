export * from './audit/index.ts';
export * from './model/index.ts';
export { nftables } from './targets/nftables/index.ts';
