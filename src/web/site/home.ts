import { createHmac } from 'node:crypto';
import type { UserDirectory } from '#identity';
import { deriveKey } from '#trust';
import { findPool, runsUsher, type Pool, type Topology } from '#topology';

/** Longest address-of-record looked up, in characters. */
const maximumAor = 256;

/**
 * Finds the home pool of a user for answers that nobody had to authenticate for.
 *
 * A name without a user gets a pool as well, always the same one, chosen by a keyed hash that
 * every member of the deployment computes alike. So the answer tells where to sign in and
 * never whether somebody exists.
 */
export class HomeFinder {
  readonly #topology: Topology;
  readonly #users: UserDirectory;
  readonly #key: Buffer;
  readonly #pools: readonly Pool[];

  constructor(topology: Topology, users: UserDirectory, secret: Buffer) {
    this.#topology = topology;
    this.#users = users;
    this.#key = deriveKey(secret, 'web: home pool of names without a user');
    this.#pools = topology.pools.filter((pool) => pool.role === 'frontEnd');
  }

  /** The pool to name for this address-of-record; undefined only in a topology without homes. */
  async find(aor: string): Promise<Pool | undefined> {
    // Computed for everybody, so that the time to an answer tells nothing either.
    const decoy = this.#decoy(aor);
    const user = await this.#users.find(aor);
    const home = user === undefined ? undefined : findPool(this.#topology, user.homePool);
    return home ?? decoy;
  }

  #decoy(aor: string): Pool | undefined {
    if (this.#pools.length === 0) return undefined;
    const hash = createHmac('sha256', this.#key).update(aor).digest().readUInt32BE(0);
    return this.#pools[hash % this.#pools.length];
  }
}

/**
 * The pool whose web sites serve users of `home`: a home pool of nothing but other makes has no site,
 * and `here`, the one that is asked, serves them.
 */
export function webHomeOf(home: Pool, here: Pool): Pool {
  return home.members.some(runsUsher) ? home : here;
}

/**
 * `alice@contoso.com` out of what clients send as `sipuri`: with or without scheme, with or
 * without parameters. Undefined when it is none.
 */
export function aorOfSipUri(value: string): string | undefined {
  if (value.length > maximumAor) return undefined;
  const match = /^(?:sips?:)?([^\s@:;?<>"]+)@([a-z\d](?:[a-z\d.-]*[a-z\d])?)(?:[;?].*)?$/iu.exec(
    value.trim(),
  );
  const [, user, domain] = match ?? [];
  if (user === undefined || domain === undefined) return undefined;
  return `${user.toLowerCase()}@${domain.toLowerCase()}`;
}
