import type { Cancel, Clock } from '#base';

/** Milliseconds between two looks; shorter while somebody waits for what they show. */
const ordinary = 1000;
const hurried = 100;

/** Looks take at most this share of the time. */
const share = 0.1;

/** For engines whose connections are elsewhere: looks at them again and again, one look at a time. */
export class Looks {
  readonly #clock: Clock;
  readonly #look: () => Promise<void>;
  readonly #waiting = new Set<() => void>();
  #looking: Promise<void> = Promise.resolve();
  #cancel: Cancel = () => undefined;
  #closed = false;

  /** `look` may fail: then what was seen before is a little older. */
  constructor(clock: Clock, look: () => Promise<void>) {
    this.#clock = clock;
    this.#look = look;
  }

  /** Looks now, and from then on; resolves after the look. */
  now(): Promise<void> {
    this.#cancel();
    this.#looking = this.#once(this.#looking);
    return this.#looking;
  }

  async #once(earlier: Promise<void>): Promise<void> {
    await earlier;
    if (this.#closed) return;
    const begun = this.#clock.now();
    await this.#look().catch(() => undefined);
    for (const tell of this.#waiting) tell();
    const pause = this.#waiting.size > 0 ? hurried : ordinary;
    const cost = (this.#clock.now() - begun) * (1 / share - 1);
    this.#cancel();
    this.#cancel = this.#clock.after(Math.max(pause, cost), () => void this.now());
  }

  /** Resolves when `reached` holds after a look, after `deadline` milliseconds, or on abort. */
  async until(reached: () => boolean, deadline: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.after(deadline, resolve);
    const check = (): void => {
      if (reached()) resolve();
    };
    const stop = (): void => resolve();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted === true) resolve();
    this.#waiting.add(check);
    void this.now();
    await promise;
    cancel();
    this.#waiting.delete(check);
    signal?.removeEventListener('abort', stop);
  }

  /** Looks no more; resolves when none is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#looking;
    this.#cancel();
  }
}
