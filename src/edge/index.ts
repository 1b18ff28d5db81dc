export { FlowTokens, type FlowToken } from './policy/flow-tokens.ts';
export { fromInside } from './policy/from-inside.ts';
export { fromOutside } from './policy/from-outside.ts';
export type { Rate } from './policy/rate-limit.ts';
export { EdgeServer, type EdgeServerOptions } from './server.ts';
