/** Something with output of this turn waiting. */
export interface Flushable {
  flush(): void;
}

/**
 * Collects who has something to write and lets all of them write at the end of the turn of the event
 * loop: what one turn sends to one peer leaves in one TLS record and one system call.
 */
export class WriteBatch {
  #waiting: Flushable[] = [];
  readonly #run = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) one.flush();
  };

  /** Calls `flush` on `one` before the next turn; the caller adds itself once a turn. */
  add(one: Flushable): void {
    // An immediate runs after every socket of this turn was read; a microtask would after each.
    if (this.#waiting.push(one) === 1) setImmediate(this.#run);
  }
}
