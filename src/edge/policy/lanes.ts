import type { Connection, SipHop } from '#sip';

/**
 * Ties each client to one connection towards the next hop, and through it to one Director, while
 * the clients together use several, so that a balancer can spread them.
 */
export class Lanes {
  /** By lane: the hops as its clients try them. Made once, as the core knows hops by identity. */
  readonly #hops: readonly (readonly SipHop[])[];
  readonly #assigned = new WeakMap<Connection, number>();
  #next = 0;

  /**
   * @param hops the next hop: one VIP, or each member
   * @param count connections to it at most; 1 or more
   */
  constructor(hops: readonly SipHop[], count: number) {
    this.#hops = Array.from({ length: count }, (_, lane) => {
      // With several members each lane starts with another one.
      const start = hops.length > 1 ? lane % hops.length : 0;
      return [...hops.slice(start), ...hops.slice(0, start)].map((hop) => ({ ...hop, lane }));
    });
  }

  /** The hops for a client's requests: the same ones as long as its connection lives. */
  hopsFor(client: Connection): readonly SipHop[] {
    const lane = this.#assigned.get(client) ?? this.#assign(client);
    return this.#hops[lane] ?? [];
  }

  #assign(client: Connection): number {
    const lane = this.#next;
    this.#next = (lane + 1) % this.#hops.length;
    this.#assigned.set(client, lane);
    return lane;
  }
}
