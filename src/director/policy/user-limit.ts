import type { Clock, Siblings } from '#base';
import { Buckets, UseExchange, continueChain, isOfDialog, rateOf, saysEmergency } from '#sip';
import type { Outcome, Rate, RequestContext } from '#sip';

/** Emergencies of one user that are taken on top of everything else: ten at once, then one in ten seconds. */
const emergencyRate: Rate = { burst: 10, perSecond: 0.1 };

/**
 * Limits what one user sends, wherever from. It stands behind the authentication: before it, anybody
 * could use up the limit of anybody else. Requests inside dialogs find room when new ones no longer do,
 * and an emergency has a budget of its own.
 *
 * Refused with 500 and Retry-After: 503 would make whoever asked, an Edge or the client, turn to
 * another server with the same (RFC 3261 21.5.1 and 21.5.4).
 */
export class UserLimit {
  readonly #requests: Buckets;
  readonly #emergencies: Buckets;

  /**
   * `perSecond`: requests a second of one user; `seed`: 32 random bits; `siblings`: the other processes of
   * the host, which the limit holds for as well; absent: there are none.
   */
  constructor(perSecond: number, seed: number, siblings?: Siblings, clock?: Clock) {
    const use =
      siblings === undefined || clock === undefined
        ? undefined
        : new UseExchange(siblings, clock, 'user', (aor, count) =>
            this.#requests.add(aor, count, clock.now()),
          );
    this.#requests = new Buckets(rateOf(perSecond), seed, (aor) => use?.tell(aor));
    this.#emergencies = new Buckets(emergencyRate, seed);
  }

  /** Counts a request of this user, an address-of-record in lower case. */
  judge(aor: string, { request, receivedAt }: RequestContext): Outcome {
    if (this.#requests.allows(aor, receivedAt, isOfDialog(request))) return continueChain;
    if (saysEmergency(request) && this.#emergencies.allows(aor, receivedAt)) return continueChain;
    return {
      kind: 'respond',
      status: 500,
      reason: 'Too Many Requests of This User',
      headers: [['Retry-After', String(this.#requests.pause)]],
    };
  }

  /** Requests over the limit so far, emergencies taken nevertheless among them. */
  get exceeded(): number {
    return this.#requests.refused;
  }
}
