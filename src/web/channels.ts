import { channel } from '#base';
import type { Listener } from '#ports';

/** One answered request. The query is left out: it may name a user. */
export interface WebRequestSeen {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly listener: Listener;
  /** `address:port` of the client, or of the balancer or reverse proxy in front of it. */
  readonly remote: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
}

/** Every answered request of the web sites and of the inter-server service. */
export const webRequests = channel<WebRequestSeen>('usher:web:request');

/** A request that could not be answered because something of ours failed. */
export const webFaults = channel<{ readonly listener: Listener; readonly error: string }>(
  'usher:web:fault',
);
