import { channel } from '#base';

/** One request of a remote client, answered. The query is left out: it may name a user. */
export interface ProxiedRequest {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** IP address of the client. */
  readonly client: string;
  readonly secure: boolean;
  readonly method: string;
  /** The host asked for, when it is one of ours, else empty. */
  readonly host: string;
  readonly pool: string | undefined;
  readonly status: number;
  /** How many hops were asked. */
  readonly attempts: number;
  readonly milliseconds: number;
}

/** A request that could not be answered because something of ours failed. */
export const proxyFaults = channel<{ readonly host: string; readonly error: string }>(
  'usher:reverse-proxy:fault',
);

/** Every answered request of the reverse proxy. */
export const proxiedRequests = channel<ProxiedRequest>('usher:reverse-proxy:request');
