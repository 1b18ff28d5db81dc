import { addressBits, connectionStates } from '#firewall';
import type { Chain, Family, IntervalSet, Match, RuleSet } from '#firewall';
import { Diagrams } from './diagrams.ts';

/** The packets of one family as assignments of bits; interfaces are left out. */
export class Oracle {
  readonly family: Family;
  readonly sets: Diagrams;
  readonly #fields: Readonly<Record<string, { readonly first: number; readonly length: number }>>;

  constructor(family: Family) {
    this.family = family;
    let first = 0;
    const field = (length: number) => {
      first += length;
      return { first: first - length, length };
    };
    const address = addressBits(family);
    this.#fields = {
      destination: field(address),
      destinationPort: field(16),
      source: field(address),
      protocol: field(8),
      sourcePort: field(16),
      state: field(3),
    };
    this.sets = new Diagrams(first);
  }

  #within(name: string, set: IntervalSet<bigint | number>): number {
    const { first = 0, length = 0 } = this.#fields[name] ?? {};
    const below = (end: bigint | number): number => this.sets.below(BigInt(end), first, length);
    return this.anyOf(
      set.map(({ from, until }) => this.sets.and(below(until), this.sets.not(below(from)))),
    );
  }

  anyOf(sets: readonly number[]): number {
    return sets.reduce((sum, set) => this.sets.or(sum, set), 0);
  }

  /** The packets a match takes. */
  of(match: Match): number {
    const half = this.family === 4 ? 'v4' : 'v6';
    const states = connectionStates.flatMap((state, index) =>
      match.states.includes(state) ? [{ from: index, until: index + 1 }] : [],
    );
    return [
      this.#within('source', match.source[half]),
      this.#within('destination', match.destination[half]),
      this.#within('protocol', match.protocol),
      this.#within('sourcePort', match.sourcePort),
      this.#within('destinationPort', match.destinationPort),
      this.#within('state', states),
    ].reduce((all, set) => this.sets.and(all, set), 1);
  }

  /** Every packet there is: the five states, and not the three numbers left over. */
  get everything(): number {
    return this.#within('state', [{ from: 0, until: connectionStates.length }]);
  }

  /** What one direction of a rule set lets pass: all base chains have to. */
  accepted({ chains }: RuleSet): number {
    const named = new Map(chains.map((chain) => [chain.name, chain]));
    const { sets } = this;
    /** What a chain accepts of the packets that enter, and what comes back undecided. */
    const walk = (
      chain: Chain | undefined,
      entering: number,
    ): { accepted: number; back: number } => {
      let [left, accepted, back] = [entering, 0, 0];
      for (const { match, action } of chain?.rules ?? []) {
        const taken = sets.and(left, this.of(match));
        left = sets.and(left, sets.not(taken));
        if (action.kind === 'accept') accepted = sets.or(accepted, taken);
        if (action.kind === 'return') back = sets.or(back, taken);
        if (action.kind !== 'jump' && action.kind !== 'goto') continue;
        const called = walk(named.get(action.chain), taken);
        accepted = sets.or(accepted, called.accepted);
        if (action.kind === 'jump') left = sets.or(left, called.back);
        else back = sets.or(back, called.back);
      }
      return { accepted, back: sets.or(back, left) };
    };
    return chains
      .filter(({ direction }) => direction !== undefined)
      .reduce((passing, chain) => {
        const { accepted, back } = walk(chain, passing);
        return chain.policy === 'accept' ? sets.or(accepted, back) : accepted;
      }, this.everything);
  }
}
