import type { Cancel, Clock, Siblings } from '#base';

/** Milliseconds from the first request that is told to its telling: many leave together. */
const period = 100;
/** Senders told at a time; of more than that nobody is singled out. */
const most = 1_000;

/**
 * Lets the processes of a host hold a sender to one limit, whichever of them it sends to. Told is only what is
 * used by those that use much of their limit: of nearly all, nothing is.
 */
export class UseExchange {
  readonly #siblings: Siblings;
  readonly #clock: Clock;
  readonly #topic: string;
  /** Requests not yet told, by sender. */
  readonly #untold = new Map<string, number>();
  readonly #stopHearing: Cancel;
  #stop: Cancel | undefined;

  /** `topic`: what kind of sender; `used`: told how many requests another process took of one. */
  constructor(
    siblings: Siblings,
    clock: Clock,
    topic: string,
    used: (sender: string, count: number) => void,
  ) {
    this.#siblings = siblings;
    this.#clock = clock;
    this.#topic = `overload:${topic}`;
    this.#stopHearing = siblings.hear(this.#topic, (told) => take(told, used));
  }

  /** One request of this sender was taken here, and it uses much of its limit. */
  tell(sender: string): void {
    if (this.#siblings.others.size === 0) return;
    const count = this.#untold.get(sender);
    if (count === undefined && this.#untold.size >= most) return;
    this.#untold.set(sender, (count ?? 0) + 1);
    this.#stop ??= this.#clock.after(period, () => {
      this.#stop = undefined;
      this.#siblings.tellAll(this.#topic, [...this.#untold]);
      this.#untold.clear();
    });
  }

  close(): void {
    this.#stopHearing();
    this.#stop?.();
  }
}

function take(told: unknown, used: (sender: string, count: number) => void): void {
  if (!Array.isArray(told)) return;
  for (const each of told) {
    if (!Array.isArray(each)) return;
    const [sender, count]: readonly unknown[] = each;
    if (typeof sender === 'string' && typeof count === 'number') used(sender, count);
  }
}
