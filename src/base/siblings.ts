import { randomBytes } from 'node:crypto';
import type { Cancel, Clock } from './clock.ts';
import type { Dump } from './lifecycle.ts';

/** Characters of a process's name. */
const nameLength = 12;

/** A new name: lower-case hexadecimal digits that no other process, and no earlier run, has. */
export function newProcessName(): string {
  return randomBytes(nameLength / 2).toString('hex');
}

/** The name of the process that handed `text` out, were it one of ours: what it begins with. */
export function ownerOf(text: string): string {
  return text.slice(0, nameLength);
}

/** Called as other processes come and go. */
export interface SiblingWatcher {
  readonly joined?: (name: string) => void;
  readonly left?: (name: string) => void;
}

/**
 * The other processes that serve the same host, as the parts of this one see them. A process has a name, and
 * what it hands out (connection ids, branches, nonces) begins with it, so that each of them can tell whose
 * it is.
 */
export interface Siblings {
  /** Name of this process (`newProcessName`). */
  readonly name: string;
  /** Names of those that can be spoken to now. */
  readonly others: ReadonlySet<string>;
  /** Never waits and never throws; false when it cannot be delivered. What was delivered arrives in order. */
  tell(to: string, topic: string, message: Dump): boolean;
  tellAll(topic: string, message: Dump): void;
  /** What the other one answers; undefined when it is gone, or takes longer than a second. Never rejects. */
  ask(to: string, topic: string, question: Dump): Promise<unknown>;
  /** Calls `listener` with what siblings tell about the topic; returns the way to stop. */
  hear(topic: string, listener: (message: unknown, from: string) => void): Cancel;
  /** Has `answerer`, of whom there is one a topic, answer what siblings ask. */
  answer(topic: string, answerer: (question: unknown, from: string) => Dump): Cancel;
  watch(watcher: SiblingWatcher): Cancel;
  /** True while so much waits for it that new work should not be handed to it. */
  congested(name: string): boolean;
}

/** What goes from one to the other, fit for JSON. */
export type Said =
  | readonly ['tell', topic: string, message: Dump]
  | readonly ['ask', topic: string, question: Dump, number: number]
  | readonly ['answer', answer: Dump, number: number];

/** Milliseconds an answer may take: the other one is on this machine, and may be busy. */
const patience = 1_000;

/** Everything about siblings but the way to them. */
export abstract class SiblingLinks implements Siblings {
  readonly name: string;
  readonly #clock: Clock;
  readonly #others = new Set<string>();
  readonly #listeners = new Map<string, Set<(message: unknown, from: string) => void>>();
  readonly #answerers = new Map<string, (question: unknown, from: string) => Dump>();
  readonly #watchers = new Set<SiblingWatcher>();
  readonly #asked = new Map<
    number,
    { readonly to: string; readonly settle: (a: unknown) => void }
  >();
  #lastNumber = 0;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.#clock = clock;
  }

  /** Sends; false when that one is not there or does not read. */
  protected abstract post(to: string, said: Said): boolean;
  abstract congested(name: string): boolean;

  get others(): ReadonlySet<string> {
    return this.#others;
  }

  tell(to: string, topic: string, message: Dump): boolean {
    return this.post(to, ['tell', topic, message]);
  }

  tellAll(topic: string, message: Dump): void {
    for (const other of this.#others) this.tell(other, topic, message);
  }

  ask(to: string, topic: string, question: Dump): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const number = (this.#lastNumber += 1);
    const stop = this.#clock.after(patience, () => settle(undefined));
    const settle = (answer: unknown): void => {
      stop();
      this.#asked.delete(number);
      resolve(answer);
    };
    this.#asked.set(number, { to, settle });
    if (!this.post(to, ['ask', topic, question, number])) settle(undefined);
    return promise;
  }

  hear(topic: string, listener: (message: unknown, from: string) => void): Cancel {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  answer(topic: string, answerer: (question: unknown, from: string) => Dump): Cancel {
    this.#answerers.set(topic, answerer);
    return () => this.#answerers.delete(topic);
  }

  watch(watcher: SiblingWatcher): Cancel {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** For the way to them: this one can be spoken to from now on. */
  protected joined(name: string): void {
    this.#others.add(name);
    for (const watcher of this.#watchers) watcher.joined?.(name);
  }

  /** For the way to them: this one is gone. */
  protected left(name: string): void {
    if (!this.#others.delete(name)) return;
    for (const { to, settle } of this.#asked.values()) if (to === name) settle(undefined);
    for (const watcher of this.#watchers) watcher.left?.(name);
  }

  /** For the way to them: takes what came; false for what no sibling of this version says. */
  protected take(said: unknown, from: string): boolean {
    if (!Array.isArray(said)) return false;
    const [kind, first, second, third]: readonly unknown[] = said;
    if (kind === 'answer' && typeof second === 'number') {
      this.#asked.get(second)?.settle(first);
      return true;
    }
    if (typeof first !== 'string') return false;
    if (kind === 'tell') {
      for (const listener of this.#listeners.get(first) ?? []) listener(second, from);
      return true;
    }
    if (kind !== 'ask' || typeof third !== 'number') return false;
    this.post(from, ['answer', this.#answerers.get(first)?.(second, from) ?? null, third]);
    return true;
  }
}

/**
 * Siblings within one process: a host that is served by one process alone, and tests. What one says the
 * others hear before the next turn of the event loop, as JSON would carry it.
 */
export class SiblingCircle {
  readonly #members = new Map<string, CircleMember>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One more, which the others hear of. */
  join(): CircleMember {
    const member = new CircleMember(newProcessName(), this.#clock, this.#members);
    for (const other of this.#members.values()) member.meet(other);
    this.#members.set(member.name, member);
    return member;
  }
}

/** One of a `SiblingCircle`. */
export class CircleMember extends SiblingLinks {
  readonly #members: Map<string, CircleMember>;

  constructor(name: string, clock: Clock, members: Map<string, CircleMember>) {
    super(name, clock);
    this.#members = members;
  }

  congested(): boolean {
    return false;
  }

  /** Both hear of each other. */
  meet(other: CircleMember): void {
    this.joined(other.name);
    other.joined(this.name);
  }

  /** It dies: what is on the way to it is lost. */
  leave(): void {
    this.#members.delete(this.name);
    for (const other of this.#members.values()) {
      other.left(this.name);
      this.left(other.name);
    }
  }

  protected post(to: string, said: Said): boolean {
    if (!this.others.has(to)) return false;
    const text = JSON.stringify(said);
    queueMicrotask(() => this.#members.get(to)?.take(JSON.parse(text), this.name));
    return true;
  }
}

/** The siblings of a process that has none. */
export function alone(clock: Clock): Siblings {
  return new SiblingCircle(clock).join();
}
