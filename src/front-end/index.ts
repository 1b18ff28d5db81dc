export { FrontEndServer } from './server.ts';
export type { FrontEndOptions } from './server.ts';
