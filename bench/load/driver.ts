import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import { type Challenge, ChallengeReader, DigestUsers } from './digest.ts';
import { Histogram } from './histogram.ts';
import type { KeyFiles } from './key-files.ts';
import {
  branchPrefix,
  lastSequence,
  RequestWriter,
  sequenceDigits,
  type Method,
} from './requests.ts';
import { answerOf } from './sink.ts';
import { MessageStream } from './stream.ts';

/** What to drive, and how hard. */
export interface Load {
  readonly address: string;
  readonly port: number;
  /** Name the server has to prove; absent: any certificate of the CA will do. */
  readonly serverName?: string | undefined;
  readonly files: KeyFiles;
  readonly connections: number;
  /** Requests outstanding on each connection. */
  readonly window: number;
  readonly method: Method;
  readonly users: number;
  readonly domain: string;
  /** Challenges are answered as user n with this and n; absent: a 401 is an answer like any other. */
  readonly password?: string | undefined;
  /** Requests to send; absent: as many as go into `seconds`. */
  readonly total?: number | undefined;
  /** Seconds to send for; absent: until `total` is answered. */
  readonly seconds?: number | undefined;
  /** Requests a second over all connections, evenly spaced; absent: as fast as answers come. */
  readonly rate?: number | undefined;
}

/** What came of it; plain data, so that threads can hand it over. */
export interface LoadCounts {
  readonly answered: number;
  /** Final responses by status; a challenge that was answered does not count. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Requests sent and never answered. */
  readonly unanswered: number;
  /** From the first request to the last answer. */
  readonly seconds: number;
  /** Counts of a `Histogram` of the time from request to final answer. */
  readonly latencies: Float64Array;
}

/** Milliseconds of silence after which the rest counts as unanswered. */
const patience = 10_000;

/** Milliseconds between two looks at what is due, when a rate is kept. */
const pacing = 1;

/** One place of the window: one request at a time. */
interface Slot {
  readonly line: Line;
  /** Sequence number of the next request; the place in the window can be read off it. */
  next: number;
  /** Sequence number of the request outstanding; -1: none. */
  sequence: number;
  sentAt: number;
}

/** One connection and what waits to be written to it. */
class Line {
  readonly socket: TLSSocket;
  readonly writer: RequestWriter;
  readonly stream = new MessageStream();
  #buffer: Buffer;
  #used = 0;
  readonly #room: number;

  constructor(socket: TLSSocket, writer: RequestWriter, window: number) {
    this.socket = socket;
    this.writer = writer;
    this.#room = Math.min(window, 64) * RequestWriter.longest;
    this.#buffer = Buffer.allocUnsafe(this.#room);
  }

  /** `credentials`: empty, or a whole header line. */
  request(sequence: number, credentials = ''): void {
    const longest = RequestWriter.longest + credentials.length;
    if (this.#used + longest > this.#room) this.flush();
    if (longest > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(longest);
    this.#used = this.writer.write(this.#buffer, this.#used, sequence, credentials);
  }

  text(text: string): void {
    if (this.#used + text.length > this.#room) this.flush();
    // A single one that is longer than all the room there is.
    if (text.length > this.#room) this.socket.write(text, 'latin1');
    else this.#used += this.#buffer.write(text, this.#used, 'latin1');
  }

  /** Everything of this turn leaves in one write. */
  flush(): void {
    if (this.#used === 0) return;
    this.socket.write(this.#buffer.subarray(0, this.#used));
    // The bytes belong to the socket now.
    this.#buffer = Buffer.allocUnsafe(this.#room);
    this.#used = 0;
  }
}

/** Opens all connections, then drives them; rejects when one cannot be opened or is lost. */
export async function drive(load: Load): Promise<LoadCounts> {
  const run = `r${process.pid}x${Math.trunc(performance.now() * 1000).toString(36)}`;
  const lines = await openLines(load, run);
  try {
    return await new Run(load, run, lines).run();
  } finally {
    for (const { socket } of lines) socket.destroy();
  }
}

/** Connections opened at once: a server may refuse more of one source. */
const together = 64;

async function openLines(load: Load, run: string): Promise<Line[]> {
  const lines: Line[] = [];
  const keys = {
    cert: readFileSync(load.files.certificate),
    key: readFileSync(load.files.key),
    ca: readFileSync(load.files.ca),
  };
  const open = async (): Promise<Line> => {
    const socket = connect({
      ...keys,
      host: load.address,
      port: load.port,
      ...(load.serverName === undefined ? {} : { servername: load.serverName }),
      checkServerIdentity: load.serverName === undefined ? anyName : checkServerIdentity,
    });
    socket.setNoDelay(true);
    await once(socket, 'secureConnect');
    // With TLS 1.3 a refusal of our certificate comes after that, perhaps before the run listens.
    socket.on('error', () => socket.destroy());
    const { method, domain, users, window } = load;
    const sentBy = `${socket.localAddress}:${socket.localPort}`;
    return new Line(socket, new RequestWriter({ method, domain, run, sentBy }, users), window);
  };
  while (lines.length < load.connections) {
    const next = Math.min(together, load.connections - lines.length);
    lines.push(...(await Promise.all(Array.from({ length: next }, open))));
  }
  return lines;
}

/** Any certificate of the CA will do. */
function anyName(): undefined {
  // Says that nothing is wrong.
}

class Run {
  readonly #load: Load;
  readonly #lines: readonly Line[];
  readonly #slots: readonly Slot[];
  readonly #branch: string;
  readonly #users: DigestUsers | undefined;
  readonly #challenges = new ChallengeReader();
  readonly #histogram = new Histogram();
  readonly #statuses = new Map<number, number>();
  readonly #done = Promise.withResolvers<void>();
  readonly #total: number;
  #sent = 0;
  #answered = 0;
  #startedAt = 0;
  #lastAnswerAt = 0;
  #endAt = Infinity;
  #now = 0;
  /** Slots without a request, when a rate is kept. */
  readonly #idle: Slot[] = [];

  constructor(load: Load, run: string, lines: readonly Line[]) {
    this.#load = load;
    this.#lines = lines;
    this.#branch = branchPrefix(run);
    this.#users = load.password === undefined ? undefined : new DigestUsers(load.password);
    this.#total = Math.min(load.total ?? lastSequence, lastSequence);
    const { window } = load;
    this.#slots = lines.flatMap((line, index) =>
      Array.from({ length: window }, (_, place) => {
        return { line, next: index * window + place, sequence: -1, sentAt: 0 };
      }),
    );
  }

  async run(): Promise<LoadCounts> {
    const { seconds, rate } = this.#load;
    for (const line of this.#lines) this.#listen(line);
    this.#startedAt = this.#now = this.#lastAnswerAt = performance.now();
    if (seconds !== undefined) this.#endAt = this.#startedAt + seconds * 1000;
    const watch = setInterval(() => this.#look(), 100);
    const pace = rate === undefined ? undefined : setInterval(() => this.#pace(rate), pacing);
    if (rate === undefined) for (const slot of this.#slots) this.#send(slot, this.#now);
    else this.#idle.push(...this.#slots);
    for (const line of this.#lines) line.flush();
    try {
      await this.#done.promise;
    } finally {
      clearInterval(watch);
      clearInterval(pace);
    }
    return {
      answered: this.#answered,
      statuses: Object.fromEntries(this.#statuses),
      unanswered: this.#sent - this.#answered,
      seconds: (this.#lastAnswerAt - this.#startedAt) / 1000,
      latencies: this.#histogram.counts,
    };
  }

  #listen(line: Line): void {
    const seen = (text: string, start: number, end: number): void =>
      this.#seen(line, text, start, end);
    line.socket.on('data', (chunk: Buffer) => {
      this.#now = performance.now();
      line.stream.push(chunk, seen);
      line.flush();
      if (this.#over) this.#done.resolve();
    });
    const { address, port } = this.#load;
    if (line.socket.destroyed) {
      this.#done.reject(new Error(`${address}:${port} refused a connection`));
    }
    line.socket.on('error', (error) => this.#done.reject(error));
    line.socket.on('close', () => {
      this.#done.reject(new Error(`${address}:${port} closed a connection`));
    });
  }

  /** No request may be sent any more, and all are answered. */
  get #over(): boolean {
    return this.#answered === this.#sent && (this.#sent >= this.#total || this.#now >= this.#endAt);
  }

  /** @param at from when on the answer is waited for, in milliseconds */
  #send(slot: Slot, at: number): void {
    if (this.#sent >= this.#total || this.#now >= this.#endAt) return;
    slot.sequence = slot.next;
    slot.next += this.#slots.length;
    slot.sentAt = at;
    this.#sent += 1;
    slot.line.request(slot.sequence);
  }

  #seen(line: Line, text: string, start: number, end: number): void {
    if (!text.startsWith('SIP/2.0 ', start)) {
      line.text(answerOf(text, start, end));
      return;
    }
    const status = number(text, start + 8, 3);
    const branch = text.indexOf(this.#branch, start);
    if (status < 200 || branch === -1 || branch > end) return;
    const at = branch + this.#branch.length;
    const sequence = number(text, at, sequenceDigits);
    const slot = this.#slots[sequence % this.#slots.length];
    if (slot?.sequence !== sequence) return;
    const first = text.charCodeAt(at + sequenceDigits + 1) === 49;
    if (this.#users !== undefined && first && (status === 401 || status === 407)) {
      const challenge = this.#challenges.read(text, start, end);
      if (challenge !== undefined) {
        this.#answerChallenge(this.#users, challenge, line, sequence);
        return;
      }
    }
    this.#finished(slot, status);
  }

  #answerChallenge(users: DigestUsers, challenge: Challenge, line: Line, sequence: number): void {
    const { from, to } = line.writer.parties(sequence);
    const credentials = users.answer(challenge, from, this.#load.method, line.writer.uri(to));
    line.request(sequence, credentials);
  }

  #finished(slot: Slot, status: number): void {
    this.#answered += 1;
    this.#lastAnswerAt = this.#now;
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    this.#histogram.record((this.#now - slot.sentAt) * 1000);
    slot.sequence = -1;
    if (this.#load.rate === undefined) this.#send(slot, this.#now);
    else this.#idle.push(slot);
  }

  /**
   * Sends what is due by now. What is late by more than the timer's step counts from when it was due: a
   * server that stalls is charged with all it kept waiting.
   */
  #pace(rate: number): void {
    this.#now = performance.now();
    const due = Math.min(this.#total, ((this.#now - this.#startedAt) / 1000) * rate);
    while (this.#sent < due && this.#now < this.#endAt) {
      const slot = this.#idle.shift();
      if (slot === undefined) break;
      const dueAt = this.#startedAt + (this.#sent / rate) * 1000;
      this.#send(slot, Math.min(this.#now, dueAt + pacing));
    }
    for (const line of this.#lines) line.flush();
  }

  #look(): void {
    this.#now = performance.now();
    if (this.#over || this.#now - Math.max(this.#lastAnswerAt, this.#startedAt) > patience) {
      this.#done.resolve();
    }
  }
}

function number(text: string, at: number, length: number): number {
  let value = 0;
  for (let index = at; index < at + length; index += 1) {
    value = value * 10 + text.charCodeAt(index) - 48;
  }
  return value;
}
