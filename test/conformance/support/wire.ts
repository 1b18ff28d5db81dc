import { randomBytes } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { SipResponse, StreamFramer, serverLimits } from '#sip';

/** One connection that sends octets as they are and keeps what comes back. */
export class TortureWire {
  /** Final responses, oldest first, and `closed` at the end. */
  readonly heard: string[] = [];
  readonly responses: SipResponse[] = [];
  readonly #socket: TLSSocket;
  readonly #framer = new StreamFramer(serverLimits, 'dialled');
  readonly #pings = new Map<string, () => void>();
  #changed = Promise.withResolvers<void>();

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('error', () => {
      // Being cut off is an outcome.
    });
    socket.on('data', (chunk: Buffer) => this.#hear(chunk));
    socket.on('close', () => this.#note('closed'));
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Asks for life behind whatever was sent before; resolves when the answer is there. */
  ping(uri: string): Promise<void> {
    const id = randomBytes(8).toString('hex');
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#pings.set(id, resolve);
    const lines = [
      `OPTIONS ${uri} SIP/2.0`,
      `Via: SIP/2.0/TLS 192.0.2.9;branch=z9hG4bK${id}`,
      'Max-Forwards: 70',
      'From: <sip:alice@contoso.com>;tag=1',
      `To: <${uri}>`,
      `Call-ID: ${id}`,
      'CSeq: 1 OPTIONS',
      'Content-Length: 0',
      '',
      '',
    ];
    this.send(Buffer.from(lines.join('\r\n'), 'latin1'));
    return promise;
  }

  /** Resolves when that many things were heard; never rejects: whoever waits has a time limit. */
  async until(count: number): Promise<void> {
    while (this.heard.length < count) await this.#changed.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #hear(chunk: Buffer): void {
    for (const event of this.#framer.push(chunk)) {
      if (event.kind !== 'message' || !(event.message instanceof SipResponse)) continue;
      const { message } = event;
      if (message.status < 200) continue;
      const ping = this.#pings.get(message.header('Call-ID') ?? '');
      if (ping !== undefined) {
        ping();
        continue;
      }
      this.responses.push(message);
      this.#note(String(message.status));
    }
  }

  #note(what: string): void {
    this.heard.push(what);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
