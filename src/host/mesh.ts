import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { SiblingLinks, type Cancel, type Clock, type Dump, type Lifecycle, type Said } from '#base';
import { listenPrivately, prepareSocket } from './private-socket.ts';

/** Characters of one line: a SIP message with 64 kB each of head and body, every byte escaped, is less. */
const longestLine = 1_048_576;
/** Characters waiting for a sibling that does not read: from here on no new work is handed to it … */
const congestedQueue = 1_048_576;
/** … and here its link is cut, so that it costs no more memory. */
const longestQueue = 8_388_608;
/** Milliseconds until a sibling that is not there is tried again. */
const redialDelay = 250;
/** Milliseconds the start waits for those that are there. */
const startPatience = 2_000;

export interface MeshOptions {
  /** FQDN of the host. */
  readonly host: string;
  readonly stateDirectory: string;
  /** Name of this process (`newProcessName`). */
  readonly name: string;
  /** Which process this is, from 0. */
  readonly worker: number;
  readonly workers: number;
  readonly clock: Clock;
}

/** The way from a sibling to us. */
interface Caller {
  readonly name: string;
  readonly socket: Socket;
}

/** The way from us to a sibling. */
interface Way {
  readonly socket: Socket;
  /** Lines of this turn. */
  waiting: string;
}

/**
 * Connects the processes of one host over Unix sockets of the state directory, which only its owner may
 * enter; no port is opened, so these are no flows of the topology. Each process listens and dials all the
 * others: it speaks over what it dialled and hears over what it accepted. What is said is JSON, a line
 * each, after a first line with number and name. A sibling has joined when both ways are there, and has
 * left when one of them is gone.
 */
export class Mesh extends SiblingLinks implements Lifecycle {
  readonly #options: MeshOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #callers = new Map<number, Caller>();
  /** What was dialled last, connected or not, and the ways that came of it. */
  readonly #dialled = new Map<number, Socket>();
  readonly #ways = new Map<number, Way>();
  readonly #numbers = new Map<string, number>();
  readonly #redials = new Map<number, Cancel>();
  #whenMet: (() => void) | undefined;
  #cut = 0;
  #closed = false;

  constructor(options: MeshOptions) {
    super(options.name, options.clock);
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Opens the own socket, so that whoever starts later finds it. Rejects as `listenPrivately`. */
  async open(): Promise<void> {
    const path = this.#pathOf(this.#options.worker);
    // Put in place under a name of its own: the one this process replaces may close late, and what it
    // takes away then is the name it has opened.
    const own = `${path}.${this.name}`;
    await prepareSocket(own);
    await listenPrivately(this.#server, own);
    await rename(own, path);
  }

  /** Resolves when everybody who is there has joined, or after two seconds. */
  async start(): Promise<void> {
    const { workers, worker, clock } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenMet = resolve;
    const stop = clock.after(startPatience, resolve);
    for (let number = 0; number < workers; number += 1) if (number !== worker) this.#dial(number);
    this.#lookAround();
    await promise;
    stop();
    this.#whenMet = undefined;
  }

  async drain(): Promise<void> {
    // What siblings are told belongs to work in progress, which goes on.
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const cancel of this.#redials.values()) cancel();
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  dump(): Dump {
    return { worker: this.#options.worker, siblings: [...this.#numbers.values()], cut: this.#cut };
  }

  congested(name: string): boolean {
    const way = this.#wayTo(name);
    return way !== undefined && queued(way) > congestedQueue;
  }

  protected post(to: string, said: Said): boolean {
    const way = this.#wayTo(to);
    if (way === undefined || way.socket.destroyed) return false;
    const line = JSON.stringify(said);
    if (line.length > longestLine || queued(way) + line.length > longestQueue) {
      this.#cut += 1;
      way.socket.destroy();
      return false;
    }
    // What one turn of the event loop says leaves in one system call.
    if (way.waiting === '') setImmediate(() => flush(way));
    way.waiting += `${line}\n`;
    return true;
  }

  #wayTo(name: string): Way | undefined {
    return this.#ways.get(this.#numbers.get(name) ?? -1);
  }

  #pathOf(worker: number): string {
    const { stateDirectory, host } = this.#options;
    return join(stateDirectory, 'run', `${host}.${worker}.sock`);
  }

  #dial(number: number): void {
    this.#redials.get(number)?.();
    this.#redials.delete(number);
    const socket = connect({ path: this.#pathOf(number) });
    this.#dialled.set(number, socket);
    this.#keep(socket);
    socket.resume();
    socket.once('connect', () => {
      socket.write(`${JSON.stringify([this.#options.worker, this.name])}\n`);
      this.#ways.set(number, { socket, waiting: '' });
      this.#meet(number);
    });
    socket.once('close', () => {
      if (this.#dialled.get(number) !== socket) return;
      this.#ways.delete(number);
      this.#part(number);
      if (this.#closed) return;
      const again = this.#options.clock.after(redialDelay, () => this.#dial(number));
      this.#redials.set(number, again);
      this.#lookAround();
    });
  }

  #accept(socket: Socket): void {
    this.#keep(socket);
    let caller: { readonly number: number; readonly name: string } | undefined;
    const lines = linesOf(socket, (line) => {
      const said = parsed(line);
      if (caller !== undefined) return this.take(said, caller.name);
      caller = this.#introduced(said);
      if (caller === undefined) return false;
      const { number, name } = caller;
      const before = this.#callers.get(number);
      this.#callers.set(number, { name, socket });
      before?.socket.destroy();
      if (before !== undefined) this.#part(number);
      if (before !== undefined && before.name !== name) this.#leaveWay(number);
      else if (this.#redials.has(number)) this.#dial(number);
      this.#meet(number);
      return true;
    });
    socket.on('data', lines);
    socket.once('close', () => {
      if (caller === undefined || this.#callers.get(caller.number)?.socket !== socket) return;
      this.#callers.delete(caller.number);
      this.#part(caller.number);
    });
  }

  #introduced(said: unknown): { readonly number: number; readonly name: string } | undefined {
    if (!Array.isArray(said)) return undefined;
    const [number, name]: readonly unknown[] = said;
    const { worker, workers } = this.#options;
    if (typeof number !== 'number' || !Number.isInteger(number)) return undefined;
    if (number < 0 || number >= workers || number === worker) return undefined;
    return typeof name === 'string' && /^[\da-f]{12}$/u.test(name) ? { number, name } : undefined;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // `close` follows, and says all there is to know.
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** Gives up the way to a process that another one has replaced; it is dialled at once. */
  #leaveWay(number: number): void {
    this.#ways.delete(number);
    this.#dialled.get(number)?.destroy();
    this.#dial(number);
  }

  /** Both ways are there: the sibling can be spoken to. */
  #meet(number: number): void {
    const caller = this.#callers.get(number);
    if (caller === undefined || !this.#ways.has(number) || this.#numbers.has(caller.name)) return;
    this.#numbers.set(caller.name, number);
    this.joined(caller.name);
    this.#lookAround();
  }

  /** One of the ways is gone: whoever had this number cannot be spoken to. */
  #part(number: number): void {
    for (const [name, of] of this.#numbers) {
      if (of !== number) continue;
      this.#numbers.delete(name);
      this.left(name);
    }
  }

  /** The start is over when every other one has joined or could not be dialled. */
  #lookAround(): void {
    const { worker, workers } = this.#options;
    const joined = new Set(this.#numbers.values());
    for (let number = 0; number < workers; number += 1) {
      const known = number === worker || joined.has(number) || this.#redials.has(number);
      if (!known) return;
    }
    this.#whenMet?.();
  }
}

/** Characters that wait; the kernel's part is not among them. */
function queued({ socket, waiting }: Way): number {
  return waiting.length + socket.writableLength;
}

function flush(way: Way): void {
  const lines = way.waiting;
  way.waiting = '';
  if (!way.socket.destroyed) way.socket.write(lines);
}

/** Cuts what comes into lines; one that is too long, or not understood, ends the link. */
function linesOf(socket: Socket, take: (line: string) => boolean): (chunk: string) => void {
  let rest = '';
  socket.setEncoding('utf8');
  return (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    const understood = lines.every((line) => line.length <= longestLine && take(line));
    if (!understood || rest.length > longestLine) socket.destroy();
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Whoever asked takes it for something no sibling says.
    return undefined;
  }
}
