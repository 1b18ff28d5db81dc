/** Who is at the other end: a host of the topology (proved by its certificate), or anybody else. */
export type Peer = { readonly kind: 'server'; readonly fqdn: string } | { readonly kind: 'client' };

/** One end of a TCP connection. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** A connection to one SIP peer, as roles see it. */
export interface Connection {
  /** Unique in this process for as long as it runs; never reused. */
  readonly id: string;
  readonly peer: Peer;
  /** Service of the listener it arrived on, or `dialled`. */
  readonly label: string;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** The name the peer asked for in its TLS hello (RFC 6066), lower case; unproven, and often absent. */
  readonly serverName?: string | undefined;
  /**
   * Queues a whole message; strings are latin1. False when the connection is closed, or was closed
   * just now because its peer does not read.
   */
  send(data: Uint8Array | string): boolean;
  /** Sends what is queued and closes; idempotent. `reason` goes to the connection channel. */
  close(reason?: string): void;
}

/** The label of connections this side opened. */
export const dialledLabel = 'dialled';

/** `address:port`, with brackets around IPv6. */
export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.address.includes(':')
    ? `[${endpoint.address}]:${endpoint.port}`
    : `${endpoint.address}:${endpoint.port}`;
}
