/** What a stream may cost before its peer has proven anything. Sizes in bytes. */
export interface Limits {
  /** Start line, headers and the empty line. Stops a head that never ends. */
  readonly head: number;
  /** One header with its folds. Stops a single endless line, and quadratic work on it. */
  readonly header: number;
  /** Header fields of one message. Stops "a: b" ten thousand times, each with its bookkeeping. */
  readonly headers: number;
  /** Via fields of one message. Stops amplification: every answer carries all of them back. */
  readonly vias: number;
  /** Content-Length. Stops a twelve-byte header from reserving gigabytes. */
  readonly body: number;
}

/** For a client. Generous for real traffic (RFC 4475 3.1.1.7 fits), small for an attacker with many connections. */
export const defaultLimits: Limits = {
  head: 32 * 1024,
  header: 8 * 1024,
  headers: 256,
  vias: 64,
  body: 64 * 1024,
};

/**
 * For a trusted server, which passes on what its clients sent: Vias, routes and parameters are added at
 * every hop. Held to the limits of a client it would be cut off, with all clients that share its
 * connection, as soon as one of them sends the most a client may. Room for the 70 hops of a request.
 */
export const serverLimits: Limits = {
  head: 64 * 1024,
  header: 16 * 1024,
  headers: 512,
  vias: 160,
  body: 64 * 1024,
};
