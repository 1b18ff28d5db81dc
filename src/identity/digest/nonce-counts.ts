import type { Siblings } from '#base';
import { identityOf, issuerOf, nonceNumbers, type NonceNumbers } from './nonce.ts';
import { ReplayGuard } from './replay.ts';

const topic = 'digest:count';

/**
 * Which nonce counts were used at a host, whichever of its processes the requests came to. The process that
 * issued a nonce keeps its counts; a client that stays with its connection meets the same one, and nobody
 * is asked. The counts of a nonce of another host, or of a process that is gone, are kept by one that all
 * agree on.
 */
export class NonceCounts implements NonceNumbers {
  readonly #siblings: Siblings;
  readonly #guard: ReplayGuard;
  /** This process as its nonces name it. */
  readonly #issuer: string;
  #issued = 0;

  constructor(siblings: Siblings, guard = new ReplayGuard()) {
    this.#siblings = siblings;
    this.#guard = guard;
    this.#issuer = Buffer.from(siblings.name, 'hex').toString('base64url');
    siblings.answer(topic, (asked) => this.#answer(asked));
  }

  /** Name of the process. */
  get name(): string {
    return this.#siblings.name;
  }

  next(): number {
    this.#issued = (this.#issued + 1) % nonceNumbers;
    return this.#issued;
  }

  /**
   * True the first time this count comes with this nonce, which has been verified; false for a replay, and
   * when whoever keeps its counts cannot be asked: the client gets a new nonce then.
   */
  accept(nonce: string, count: number): boolean | Promise<boolean> {
    const keeper = this.#keeperOf(nonce);
    return keeper === this.#siblings.name
      ? this.#guard.accept(identityOf(nonce), count)
      : this.#ask(keeper, identityOf(nonce), count);
  }

  async #ask(keeper: string, identity: string, count: number): Promise<boolean> {
    return (await this.#siblings.ask(keeper, topic, [identity, count])) === true;
  }

  #answer(asked: unknown): boolean {
    if (!Array.isArray(asked)) return false;
    const [identity, count]: readonly unknown[] = asked;
    if (typeof identity !== 'string' || typeof count !== 'number') return false;
    return this.#guard.accept(identity, count);
  }

  #keeperOf(nonce: string): string {
    const { name, others } = this.#siblings;
    const issuer = issuerOf(nonce);
    if (others.size === 0 || issuer === this.#issuer) return name;
    const issuedBy = Buffer.from(issuer, 'base64url').toString('hex');
    if (others.has(issuedBy)) return issuedBy;
    const names = [name, ...others].toSorted();
    return names[Number.parseInt(issuedBy.slice(-6), 16) % names.length] ?? name;
  }
}
