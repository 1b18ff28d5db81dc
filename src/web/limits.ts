/** What one HTTP socket grants its clients. Times in milliseconds, sizes in bytes. */
export interface WebLimits {
  /** Connections open at one time, handshakes included; more are closed unanswered. */
  readonly connections: number;
  /** Connections the kernel keeps waiting for us. */
  readonly backlog: number;
  /** Request line and header fields together; more gets 431. */
  readonly headerBytes: number;
  /** A body announced larger gets 413; one that grows larger loses its connection. */
  readonly bodyBytes: number;
  readonly handshakeTimeout: number;
  /** From the first byte of a request to the end of its header fields; then 408. */
  readonly headersTimeout: number;
  /** From the first byte of a request to the end of its body; then 408. */
  readonly requestTimeout: number;
  /** How long a connection may wait for its next request. */
  readonly keepAliveTimeout: number;
  readonly requestsPerConnection: number;
  /** How often the two time-outs above are looked at. */
  readonly checkInterval: number;
}

/** Documented in `docs/web.md`. */
export const defaultLimits: WebLimits = {
  connections: 10_000,
  backlog: 1024,
  headerBytes: 16 * 1024,
  bodyBytes: 64 * 1024,
  handshakeTimeout: 10_000,
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 30_000,
  requestsPerConnection: 1000,
  checkInterval: 2000,
};
