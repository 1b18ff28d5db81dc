export * from './audit/index.ts';
export * from './check/index.ts';
export * from './model/index.ts';
export * from './policy/index.ts';
export * from './probes/index.ts';
export * from './targets/index.ts';
