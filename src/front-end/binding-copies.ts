import type { Cancel, Clock, Siblings } from '#base';
import type { BindingChange, Bindings } from './policy/bindings.ts';
import { readChange, tellChange } from './told-binding.ts';

const topic = 'front-end:bindings';
/** Says that everything there was when a process joined has been told. */
const toldAll = 'front-end:bindings-told';

/** Milliseconds a process waits at its start for what the others have. */
const patience = 10_000;

/** Users told at a time to a process that has just joined, and milliseconds until the next ones. */
const page = 200;
const pause = 1;

/**
 * Keeps the bindings of several processes of one Front End alike: what one changes it tells the others, and
 * who joins is told by each what it has. The bindings of clients of a process that died are dropped.
 */
export class BindingCopies {
  readonly #siblings: Siblings;
  readonly #clock: Clock;
  readonly #bindings: Bindings;
  readonly #stops: readonly Cancel[];
  /** Who is being told everything, and how to stop it. */
  readonly #telling = new Map<string, Cancel>();
  /** Who has told everything. */
  readonly #heard = new Set<string>();
  #whenHeard: (() => void) | undefined;

  constructor(siblings: Siblings, clock: Clock, bindings: Bindings) {
    this.#siblings = siblings;
    this.#clock = clock;
    this.#bindings = bindings;
    this.#stops = [
      siblings.hear(topic, (told) => this.#take(told)),
      siblings.hear(toldAll, (_told, from) => {
        this.#heard.add(from);
        this.#lookAround();
      }),
      siblings.watch({
        joined: (name) => this.#tellFrom(name, bindings.entries()),
        left: (name) => {
          this.#telling.get(name)?.();
          this.#telling.delete(name);
          bindings.removeProcess(name);
          this.#heard.delete(name);
          this.#lookAround();
        },
      }),
    ];
  }

  /** Resolves when everybody who is there has told what they have, or after ten seconds. */
  async start(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenHeard = resolve;
    const stop = this.#clock.after(patience, resolve);
    this.#lookAround();
    await promise;
    stop();
    this.#whenHeard = undefined;
  }

  /** What was changed here goes to the others. */
  tell(changes: readonly BindingChange[]): void {
    if (this.#siblings.others.size > 0) this.#siblings.tellAll(topic, changes.map(tellChange));
  }

  close(): void {
    for (const stop of this.#stops) stop();
    for (const stop of this.#telling.values()) stop();
    this.#telling.clear();
  }

  #lookAround(): void {
    if ([...this.#siblings.others].every((name) => this.#heard.has(name))) this.#whenHeard?.();
  }

  #take(told: unknown): void {
    if (!Array.isArray(told)) return;
    for (const each of told) {
      const change = readChange(each);
      if (change !== undefined) this.#bindings.take(change);
    }
  }

  /** Tells the next page, and the rest when that has been read: a hundred thousand users fill no queue. */
  #tellFrom(name: string, users: ReturnType<Bindings['entries']>): void {
    this.#telling.delete(name);
    if (!this.#siblings.congested(name)) {
      const changes: BindingChange[] = [];
      for (let count = 0; count < page; count += 1) {
        const next = users.next();
        if (next.done === true) {
          this.#siblings.tell(name, topic, changes.map(tellChange));
          this.#siblings.tell(name, toldAll, null);
          return;
        }
        const [aor, bindings] = next.value;
        for (const binding of bindings) changes.push({ kind: 'put', aor, binding });
      }
      this.#siblings.tell(name, topic, changes.map(tellChange));
    }
    const stop = this.#clock.after(pause, () => this.#tellFrom(name, users));
    this.#telling.set(name, stop);
  }
}
