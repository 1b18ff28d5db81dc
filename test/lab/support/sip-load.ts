import { readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';
import { SipResponse, StreamFramer } from '#sip';

/** What a client of the load needs; the one argument of this program, as JSON. */
export interface LoadPlan {
  readonly address: string;
  readonly port: number;
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
  readonly connections: number;
  /** Milliseconds between an answer and the next request of a connection. */
  readonly pace: number;
}

/** What came of the load; printed as JSON when standard input ends. */
export interface LoadReport {
  readonly answered: number;
  /** Requests that were outstanding when their connection broke, and who had them. */
  readonly lost: readonly string[];
  /** Connections given up because their Director asked for it (503); the request went to another one. */
  readonly moved: number;
  /** Answers that were neither 200 nor 503. */
  readonly wrong: readonly number[];
  /** Milliseconds from each break of a connection to its next answer. */
  readonly gaps: readonly number[];
}

/** One connection after the other: OPTIONS, one at a time, as an Edge asks (RFC 3261 section 11). */
class Line {
  readonly #plan: LoadPlan;
  readonly #keys: { readonly cert: Buffer; readonly key: Buffer; readonly ca: Buffer };
  readonly #name: string;
  answered = 0;
  moved = 0;
  readonly lost: string[] = [];
  readonly wrong: number[] = [];
  readonly gaps: number[] = [];
  #sequence = 0;
  #brokenAt: number | undefined;

  constructor(plan: LoadPlan, name: string) {
    this.#plan = plan;
    this.#name = name;
    const { certificate, key, ca } = plan;
    this.#keys = { cert: readFileSync(certificate), key: readFileSync(key), ca: readFileSync(ca) };
  }

  /** Asks until `over` says so. */
  async run(over: () => boolean): Promise<void> {
    let again = false;
    while (!over()) {
      const socket = await this.#open();
      if (socket === undefined) {
        await pause(20);
        continue;
      }
      again = await this.#use(socket, over, again);
      socket.destroy();
    }
  }

  async #open(): Promise<TLSSocket | undefined> {
    const { address: host, port } = this.#plan;
    // Members prove their own names, which a client of the VIP does not know beforehand.
    const options = { host, port, ...this.#keys, checkServerIdentity: () => undefined };
    const { promise, resolve } = Promise.withResolvers<TLSSocket | undefined>();
    const socket = connect(options, () => resolve(socket));
    socket.setNoDelay(true);
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(undefined));
    return await promise;
  }

  /** Uses one connection as long as it holds; true when its last request has to be asked again. */
  async #use(socket: TLSSocket, over: () => boolean, again: boolean): Promise<boolean> {
    const director = String(socket.getPeerCertificate().subject.CN);
    const answers = this.#answers(socket);
    for (let first = true; !over(); first = false) {
      if (!first) await pause(this.#plan.pace);
      if (socket.destroyed) {
        this.#brokenAt ??= performance.now();
        return false;
      }
      if (!(first && again)) this.#sequence += 1;
      socket.write(this.#request(director));
      const status = await answers();
      if (status === undefined) {
        this.lost.push(director);
        this.#brokenAt ??= performance.now();
        return false;
      }
      if (status === 503) {
        this.moved += 1;
        return true;
      }
      if (status !== 200) this.wrong.push(status);
      this.answered += 1;
      if (this.#brokenAt !== undefined) this.gaps.push(performance.now() - this.#brokenAt);
      this.#brokenAt = undefined;
    }
    return false;
  }

  /** Gives the status of the next response each time; undefined when the connection is gone. */
  #answers(socket: TLSSocket): () => Promise<number | undefined> {
    const framer = new StreamFramer();
    let tell: ((status: number | undefined) => void) | undefined;
    socket.on('data', (bytes: Buffer) => {
      for (const event of framer.push(bytes)) {
        if (event.kind === 'message' && event.message instanceof SipResponse) {
          tell?.(event.message.status);
        }
      }
    });
    socket.on('close', () => tell?.(undefined));
    return async () => {
      if (socket.destroyed) return undefined;
      const { promise, resolve } = Promise.withResolvers<number | undefined>();
      tell = resolve;
      return await promise;
    };
  }

  #request(director: string): string {
    const mark = `${this.#name}-${this.#sequence}`;
    return [
      `OPTIONS sip:${director};transport=tls SIP/2.0`,
      `Via: SIP/2.0/TLS edge01.contoso.net;branch=z9hG4bK${mark}`,
      'Max-Forwards: 70',
      `From: <sip:edge01.contoso.net>;tag=${mark}`,
      `To: <sip:${director}>`,
      `Call-ID: ${mark}`,
      'CSeq: 1 OPTIONS',
      'Content-Length: 0',
      '\r\n',
    ].join('\r\n');
  }
}

async function main(plan: LoadPlan): Promise<void> {
  let over = false;
  process.stdin.on('end', () => (over = true)).resume();
  const run = process.pid.toString(36);
  const lines = Array.from(
    { length: plan.connections },
    (_, index) => new Line(plan, `${run}-${index}`),
  );
  await Promise.all(lines.map((line) => line.run(() => over)));
  const report: LoadReport = {
    answered: lines.reduce((sum, { answered }) => sum + answered, 0),
    moved: lines.reduce((sum, { moved }) => sum + moved, 0),
    lost: lines.flatMap(({ lost }) => lost),
    wrong: lines.flatMap(({ wrong }) => wrong),
    gaps: lines.flatMap(({ gaps }) => gaps),
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

const [, program, argument] = process.argv;
if (argument !== undefined && program !== undefined && import.meta.filename === program) {
  await main(JSON.parse(argument));
}
