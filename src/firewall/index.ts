export * from './model/addresses.ts';
export * from './model/intervals.ts';
export * from './model/match.ts';
export * from './model/rule.ts';
export * from './model/target.ts';
export { nftables } from './targets/nftables/index.ts';
