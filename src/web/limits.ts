import type { HttpSocketLimits } from './http-socket.ts';

/** What one HTTP socket of a web site grants its clients. */
export interface WebLimits extends HttpSocketLimits {
  /** A body announced larger gets 413; one that grows larger loses its connection. */
  readonly bodyBytes: number;
}

/** Documented in `docs/web.md`. */
export const defaultLimits: WebLimits = {
  connections: 10_000,
  // A balancer or reverse proxy is one client.
  connectionsPerClient: 10_000,
  backlog: 1024,
  headerBytes: 16 * 1024,
  bodyBytes: 64 * 1024,
  handshakeTimeout: 10_000,
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 30_000,
  stallTimeout: 60_000,
  requestsPerConnection: 1000,
  checkInterval: 2000,
};
