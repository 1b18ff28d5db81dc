import type { Connection } from '#sip';
import { continueChain } from '#sip';
import type { EdgeDecider } from './context.ts';

/** How many requests a remote client may send. */
export interface Rate {
  /** Requests at once. */
  readonly burst: number;
  /** Requests a second in the long run. */
  readonly perSecond: number;
}

/** A token bucket for every client connection; time comes in with the request. */
export class RateLimit {
  readonly #rate: Rate;
  readonly #buckets = new WeakMap<Connection, { level: number; at: number }>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Counts one request at `now` (milliseconds); false when it is one too many. */
  allows(client: Connection, now: number): boolean {
    const bucket = this.#buckets.get(client) ?? { level: this.#rate.burst, at: now };
    const gained = (Math.max(0, now - bucket.at) / 1000) * this.#rate.perSecond;
    const level = Math.min(this.#rate.burst, bucket.level + gained);
    const allowed = level >= 1;
    this.#buckets.set(client, { level: allowed ? level - 1 : level, at: now });
    return allowed;
  }

  /** Seconds after which a refused client may try again. */
  get retryAfter(): number {
    return Math.max(1, Math.ceil(this.#rate.burst / this.#rate.perSecond / 2));
  }
}

/**
 * Answers 503 to a client that sends faster than a person and their telephone do. An ACK belongs to an
 * INVITE that was let in, so it must not wait for room; but there are never more of them than of INVITEs,
 * so they have a bucket of the same size, and what spills over is no ACK of anything.
 */
export const rateLimit: EdgeDecider = {
  name: 'rateLimit',
  decide: ({ request, connection, receivedAt, tools }) => {
    if (request.method === 'ACK') {
      return tools.ackRate.allows(connection, receivedAt)
        ? continueChain
        : { kind: 'drop', reason: 'More ACKs than the client was let in with INVITEs' };
    }
    if (tools.rate.allows(connection, receivedAt)) return continueChain;
    return {
      kind: 'respond',
      status: 503,
      reason: 'Too Many Requests',
      headers: [['Retry-After', String(tools.rate.retryAfter)]],
    };
  },
};
