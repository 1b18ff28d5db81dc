export { frontEndChain } from './chain.ts';
export { Bindings } from './policy/bindings.ts';
export { FrontEndServer } from './server.ts';
export type { FrontEndOptions } from './server.ts';
