import type { HttpSocketLimits } from '#web';

/** What the reverse proxy grants clients and expects of pools. Milliseconds and bytes. */
export interface ReverseProxyLimits extends HttpSocketLimits {
  /** Requests on their way at one time; more get 503. */
  readonly requests: number;
  /** A body announced larger gets 413; one that grows larger ends both connections. */
  readonly bodyBytes: number;
  /** Until a pool has accepted the connection and proved its name; then the next member. */
  readonly connectTimeout: number;
  /** Silence of a pool after which the client gets 504. Mobile push needs 960 s. */
  readonly upstreamTimeout: number;
}

/** Documented in `docs/web.md`. */
export const defaultLimits: ReverseProxyLimits = {
  connections: 10_000,
  connectionsPerClient: 1000,
  backlog: 1024,
  requests: 5000,
  headerBytes: 16 * 1024,
  bodyBytes: 16 * 1024 * 1024,
  handshakeTimeout: 10_000,
  headersTimeout: 10_000,
  requestTimeout: 200_000,
  keepAliveTimeout: 30_000,
  // Longer than `upstreamTimeout`: a pool's silence is no fault of the client.
  stallTimeout: 210_000,
  requestsPerConnection: 1000,
  connectTimeout: 5000,
  upstreamTimeout: 200_000,
  checkInterval: 2000,
};
