import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { hostAndPort } from '#base';
import { answerChallenge } from '#identity';
import { buildRequest, buildResponse, SipRequest, SipResponse, StreamFramer } from '#sip';
import { dialTls, ProbeFailure } from './dial.ts';

/** Milliseconds a request may take from end to end. */
const patience = 5000;

/** A user of the deployment, as the proof plays one. */
export interface Account {
  readonly aor: string;
  readonly password: string;
}

/** Hears a response to a request of ours, or that the connection is gone. */
type Handler = (message: SipResponse | 'closed') => void;

/**
 * A small SIP user: signs in with Digest (RFC 7616), sends and receives MESSAGE (RFC 3428). Just
 * enough to play the two demo users; everything goes over one TLS connection, as RFC 5626 has it.
 */
export class UserAgent {
  readonly #account: Account;
  readonly #options: ConnectionOptions;
  /** Call-ID of every REGISTER of this agent (RFC 3261 section 10.2), and of no other agent. */
  readonly #registration = `register-${randomBytes(9).toString('hex')}`;
  readonly #framer = new StreamFramer();
  readonly #waiting = new Map<string, Handler>();
  readonly #received: { readonly from: string; readonly text: string; readonly callId: string }[] =
    [];
  #heard: PromiseWithResolvers<void> | undefined;
  #socket: Socket | undefined;
  #sequence = 0;

  /** `options` lead to the Edge or a Front End: address, port, name to expect, CA. */
  constructor(account: Account, options: ConnectionOptions) {
    this.#account = account;
    this.#options = options;
  }

  /** Connects and registers for ten minutes. */
  async signIn(): Promise<SipResponse> {
    const socket = await dialTls(this.#options);
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('close', () => this.#lost());
    return this.#register(600);
  }

  /** Takes the registration back and closes the connection. */
  async signOut(): Promise<void> {
    if (this.#socket === undefined) return;
    try {
      await this.#register(0);
    } finally {
      this.close();
    }
  }

  /** Closes the connection and leaves the registration as it is. */
  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  /** Sends a text; resolves with the final response. `callId` lets the caller find it again. */
  async send(to: string, text: string, callId: string): Promise<SipResponse> {
    return this.#request(
      'MESSAGE',
      `sip:${to}`,
      to,
      callId,
      [['Content-Type', 'text/plain']],
      text,
    );
  }

  /** Resolves with the text received under this Call-ID; rejects when none comes in time. */
  async expect(callId: string): Promise<string> {
    const deadline = performance.now() + patience;
    for (;;) {
      const found = this.#received.find((message) => message.callId === callId);
      if (found !== undefined) return found.text;
      const left = deadline - performance.now();
      if (left <= 0) throw new ProbeFailure('wrongAnswer', 'the message did not arrive');
      this.#heard = Promise.withResolvers<void>();
      const timer = setTimeout(() => this.#heard?.resolve(), left);
      await this.#heard.promise;
      clearTimeout(timer);
    }
  }

  #register(expires: number): Promise<SipResponse> {
    const { aor } = this.#account;
    return this.#request('REGISTER', `sip:${this.#domain}`, aor, this.#registration, [
      ['Contact', `<${this.#contact}>;expires=${expires}`],
    ]);
  }

  get #domain(): string {
    return this.#account.aor.split('@')[1] ?? '';
  }

  get #contact(): string {
    const user = this.#account.aor.split('@')[0] ?? '';
    return `sip:${user}@${this.#here};transport=tls`;
  }

  /** Our end of the connection. */
  get #here(): string {
    const { localAddress = '', localPort = 0 } = this.#socket ?? {};
    return hostAndPort(localAddress, localPort);
  }

  /** One request, repeated once with credentials when it is challenged. */
  async #request(
    method: string,
    uri: string,
    to: string,
    callId: string,
    headers: readonly [string, string][],
    body?: string,
  ): Promise<SipResponse> {
    const first = await this.#transact(method, uri, to, callId, headers, body);
    const proxy = first.status === 407;
    if (first.status !== 401 && !proxy) return first;
    const challenge = first.headers(proxy ? 'Proxy-Authenticate' : 'WWW-Authenticate')[0];
    if (challenge === undefined) return first;
    const { aor, password } = this.#account;
    const credentials = answerChallenge({
      challenge,
      username: aor.split('@')[0] ?? '',
      password,
      method,
      uri,
      nc: 1,
      cnonce: randomBytes(9).toString('base64url'),
    });
    const name = proxy ? 'Proxy-Authorization' : 'Authorization';
    return this.#transact(method, uri, to, callId, [...headers, [name, credentials]], body);
  }

  #transact(
    method: string,
    uri: string,
    to: string,
    callId: string,
    headers: readonly [string, string][],
    body?: string,
  ): Promise<SipResponse> {
    const branch = `z9hG4bK${randomBytes(9).toString('base64url')}`;
    const request = buildRequest({
      method,
      uri,
      headers: [
        ['Via', `SIP/2.0/TLS ${this.#here};branch=${branch};rport`],
        ['Max-Forwards', '70'],
        ['From', `<sip:${this.#account.aor}>;tag=${branch.slice(-8)}`],
        ['To', `<sip:${to}>`],
        ['Call-ID', callId],
        ['CSeq', `${++this.#sequence} ${method}`],
        ...headers,
      ],
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    });
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(branch);
      };
      const timer = setTimeout(() => {
        settle();
        reject(new ProbeFailure('wrongAnswer', `${method}: no answer`));
      }, patience);
      this.#waiting.set(branch, (heard) => {
        if (heard === 'closed') {
          settle();
          reject(new ProbeFailure('closedByPeer', `${method}: closed without an answer`));
        } else if (heard.status >= 200) {
          settle();
          resolve(heard);
        }
      });
      this.#socket?.write(request.toBytes());
    });
  }

  #read(chunk: Buffer): void {
    for (const event of this.#framer.push(chunk)) {
      if (event.kind !== 'message') continue;
      const { message } = event;
      if (message instanceof SipResponse) {
        const branch = message.topVia.params.get('branch');
        if (typeof branch === 'string') this.#waiting.get(branch)?.(message);
      } else if (message instanceof SipRequest) {
        this.#answer(message);
      }
    }
  }

  #answer(request: SipRequest): void {
    if (request.method === 'ACK') return;
    const status = request.method === 'MESSAGE' ? 200 : 501;
    this.#socket?.write(buildResponse(request, status, undefined, { toTag: 'proof' }).toBytes());
    if (status !== 200) return;
    this.#received.push({
      from: request.from.uri,
      text: Buffer.from(request.body).toString('utf8'),
      callId: request.callId,
    });
    this.#heard?.resolve();
  }

  #lost(): void {
    this.#socket = undefined;
    for (const handler of this.#waiting.values()) handler('closed');
    this.#heard?.resolve();
  }
}
