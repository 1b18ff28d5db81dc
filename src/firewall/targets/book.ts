/** Groups in groups; deeper ones are a loop. */
const deepest = 32;

/**
 * The named things of a configuration (addresses, services) and its groups of them. Groups may name
 * groups, and things that are described later.
 */
export class Book<Value> {
  readonly #values = new Map<string, Value[]>();
  readonly #groups = new Map<string, string[]>();
  readonly #doubtful = new Set<string>();

  /** Says what a name stands for; a name told several times stands for all of it. */
  set(name: string, ...values: readonly Value[]): void {
    const known = this.#values.get(name) ?? [];
    for (const value of values) known.push(value);
    this.#values.set(name, known);
  }

  /** Says that nobody here knows what a name, or a part of it, stands for. */
  doubt(name: string): void {
    this.#doubtful.add(name);
  }

  /** Puts names into a group; without members, says that there is one. */
  group(name: string, members: readonly string[]): void {
    const known = this.#groups.get(name) ?? [];
    for (const member of members) known.push(member);
    this.#groups.set(name, known);
  }

  has(name: string): boolean {
    return this.#values.has(name) || this.#groups.has(name) || this.#doubtful.has(name);
  }

  /** All a name stands for, each once; undefined when that is not known of a part of it. */
  resolve(name: string): readonly Value[] | undefined {
    const found = new Set<Value>();
    const seen = new Set<string>();
    return this.#collect(name, found, seen, 0) ? [...found] : undefined;
  }

  #collect(name: string, found: Set<Value>, seen: Set<string>, depth: number): boolean {
    if (seen.has(name)) return true;
    seen.add(name);
    if (!this.has(name) || this.#doubtful.has(name) || depth > deepest) return false;
    for (const value of this.#values.get(name) ?? []) found.add(value);
    return (this.#groups.get(name) ?? []).every((member) =>
      this.#collect(member, found, seen, depth + 1),
    );
  }
}
