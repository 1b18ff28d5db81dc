export { EdgeServer, type EdgeServerOptions } from './server.ts';
