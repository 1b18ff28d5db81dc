import { Worker } from 'node:worker_threads';
import { messageOf, UsherError, type Clock } from '#base';
import type { Batch } from './batch.ts';
import type { SearchCriteria } from './criteria.ts';
import type { RecordingPolicy } from './policy.ts';
import {
  isNothing,
  isPage,
  isPositions,
  isSearchNumber,
  isStatus,
  type SearchPage,
  type StoreAsk,
  type StoreCall,
  type StoreReply,
  type StoreSetup,
} from './store-calls.ts';
import type { Positions, StoreStatus } from './store.ts';

interface Pending {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Milliseconds between the death of a thread and the start of the next. */
const restartPause = 1000;
/** Records per page of a search: a few hundred kilobytes. */
const pageSize = 256;

/**
 * The store of one host, in a thread of its own. When the thread dies its calls reject, and the next
 * call after a second starts a new one; `restarts` counts that.
 */
export class StoreThread {
  readonly #setup: StoreSetup;
  readonly #clock: Clock;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #ready: Promise<void> | undefined;
  #callCount = 0;
  #restarts = 0;
  #diedAt = Number.NEGATIVE_INFINITY;
  #lastFailure: string | null = null;
  #closed = false;

  constructor(setup: StoreSetup, clock: Clock) {
    this.#setup = setup;
    this.#clock = clock;
  }

  /** How often the thread had to be started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Why the thread died last, or null. */
  get lastFailure(): string | null {
    return this.#lastFailure;
  }

  /** Starts the thread; rejects with `USHER_LOG_STORE` when the directory cannot be used. */
  async start(): Promise<void> {
    try {
      await this.#spawn();
    } catch (error) {
      this.#closed = true;
      throw new UsherError(
        'USHER_LOG_STORE',
        `The log store ${this.#setup.directory} cannot be used: ${messageOf(error)}`,
        {
          remedy: 'Make the state directory writable for this user, or name another with --state.',
          cause: error,
        },
      );
    }
  }

  /** Stores a batch, whose bytes are the thread's from now on. */
  async append(batch: Batch, policy: RecordingPolicy): Promise<void> {
    const bytes = batch.blocks.map(({ buffer }) => buffer);
    await this.#call({ name: 'append', batch, policy }, isNothing, bytes);
  }

  /** Pages of a search, oldest record first; leaving the loop early ends the search in the thread. */
  async *search(criteria: SearchCriteria, after?: Positions): AsyncGenerator<SearchPage> {
    const search = await this.#call({ name: 'search', criteria, after }, isSearchNumber);
    let done = false;
    try {
      while (!done) {
        // One page after the other: the reader's pace is the search's pace.
        const page = await this.#call({ name: 'next', search, count: pageSize }, isPage);
        ({ done } = page);
        yield page;
      }
    } finally {
      if (!done && !this.#closed)
        await this.#call({ name: 'endSearch', search }, isNothing).catch(() => null);
    }
  }

  async positions(): Promise<Positions> {
    return await this.#call({ name: 'positions' }, isPositions);
  }

  async flush(): Promise<void> {
    await this.#call({ name: 'flush' }, isNothing);
  }

  async status(): Promise<StoreStatus> {
    return await this.#call({ name: 'status' }, isStatus);
  }

  /** Seals the open segment and ends the thread; idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    const worker = this.#worker;
    if (worker !== undefined) await this.#call({ name: 'close' }, isNothing).catch(() => null);
    this.#closed = true;
    this.#failPending(new Error('The log store is closed.'));
    await worker?.terminate();
  }

  /** Ends the thread without a word to it, as a crash does. For tests of the restart. */
  async crash(): Promise<void> {
    await this.#worker?.terminate();
  }

  async #call<Answer>(
    call: StoreCall,
    isAnswer: (answer: unknown) => answer is Answer,
    given: readonly ArrayBuffer[] = [],
  ): Promise<Answer> {
    if (this.#closed) throw new Error('The log store is closed.');
    await this.#revive();
    const worker = this.#worker;
    if (worker === undefined) throw new Error('The log store is starting again.');
    this.#callCount += 1;
    const id = this.#callCount;
    const answered = new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
    });
    const ask: StoreAsk = { ...call, id };
    worker.postMessage(ask, given);
    const answer = await answered;
    if (!isAnswer(answer))
      throw new Error(`The log store answered ${call.name} with another thing.`);
    return answer;
  }

  async #revive(): Promise<void> {
    if (this.#worker !== undefined) return await this.#ready;
    if (this.#clock.now() - this.#diedAt < restartPause) {
      throw new Error(`The log store is starting again: ${this.#lastFailure ?? 'thread ended'}`);
    }
    this.#restarts += 1;
    await this.#spawn();
  }

  async #spawn(): Promise<void> {
    const worker = new Worker(new URL('./store-worker.ts', import.meta.url), {
      workerData: this.#setup,
      name: 'usher-log-store',
      resourceLimits: { maxOldGenerationSizeMb: 192 },
    });
    this.#worker = worker;
    this.#ready = new Promise((resolve, reject) => {
      worker.on('message', (message: StoreReply) => {
        if (message.kind === 'ready') resolve();
        else this.#settle(message);
      });
      worker.once('error', (error) => {
        this.#lastFailure = messageOf(error);
        reject(error instanceof Error ? error : new Error(messageOf(error)));
      });
      worker.once('exit', (code) => {
        const error = new Error(`The log store's thread ended with ${code}.`);
        reject(error);
        if (this.#worker === worker) this.#died(error);
      });
    });
    await this.#ready;
  }

  #settle(message: Exclude<StoreReply, { kind: 'ready' }>): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === 'answer') pending?.resolve(message.answer);
    else pending?.reject(new Error(message.message));
  }

  #died(error: Error): void {
    this.#worker = undefined;
    this.#ready = undefined;
    this.#diedAt = this.#clock.now();
    this.#lastFailure ??= error.message;
    this.#failPending(error);
  }

  #failPending(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
