import { RateLimiter, continueChain, isOfDialog } from '#sip';
import type { Connection, Rate } from '#sip';
import type { EdgeDecider } from './context.ts';

/** A limit of its own for every client connection; time comes in with the request. */
export class RateLimit {
  readonly #limiter: RateLimiter;
  /** When the next request is expected. */
  readonly #expected = new WeakMap<Connection, number>();
  #refused = 0;

  constructor(rate: Rate) {
    this.#limiter = new RateLimiter(rate);
  }

  /** Counts one request at `now` (milliseconds); false when it is one too many. */
  allows(client: Connection, now: number, favoured = false): boolean {
    const next = this.#limiter.next(this.#expected.get(client) ?? 0, now, favoured);
    if (next === undefined) {
      this.#refused += 1;
      return false;
    }
    this.#expected.set(client, next);
    return true;
  }

  /** Seconds after which a refused client may try again. */
  get retryAfter(): number {
    return this.#limiter.pause;
  }

  /** Refused so far. */
  get refused(): number {
    return this.#refused;
  }
}

/**
 * Answers 503 to a client that sends faster than a person and their telephone do; what belongs to a
 * dialog finds room when new requests no longer do. An ACK belongs to an INVITE that was let in, so it
 * must not wait for room; but there are never more of them than of INVITEs, so they have a limit of the
 * same size, and what spills over is no ACK of anything.
 */
export const rateLimit: EdgeDecider = {
  name: 'rateLimit',
  decide: ({ request, connection, receivedAt, tools }) => {
    if (request.method === 'ACK') {
      return tools.ackRate.allows(connection, receivedAt)
        ? continueChain
        : { kind: 'drop', reason: 'More ACKs than the client was let in with INVITEs' };
    }
    if (tools.rate.allows(connection, receivedAt, isOfDialog(request))) return continueChain;
    return {
      kind: 'respond',
      status: 503,
      reason: 'Too Many Requests',
      headers: [['Retry-After', String(tools.rate.retryAfter)]],
    };
  },
};
