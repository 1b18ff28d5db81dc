import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';

interface Account {
  readonly aor: string;
  readonly password: string;
  readonly ca: string;
}

interface Outside {
  /** `address:port` of the Edge. */
  readonly edge: string;
}

interface Inside {
  /** `address:port` of a Director pool's VIP or of a Front End. */
  readonly server: string;
  /** Name the server has to prove: the pool's. */
  readonly serverName: string;
  /** An address of the internal clients' network. */
  readonly localAddress: string;
}

export type SipUserOptions = Account & (Outside | Inside);

/** A response as this little client reads it: the first header of each name, lower-case names. */
export interface SimpleResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: ReadonlyMap<string, string>;
  /** Every Contact, in order. */
  readonly contacts: readonly string[];
}

/**
 * A SIP user written from RFC 3261 and RFC 7616 alone, without a line of Usher's own code: what
 * it understands, others will understand too. REGISTER, MESSAGE, and answers to both.
 */
export class SipUser {
  readonly aor: string;
  readonly received: string[] = [];
  /** Status of every final response, challenges included. */
  readonly statuses: number[] = [];
  readonly #password: string;
  readonly #socket: TLSSocket;
  readonly #waiting = new Map<string, (response: SimpleResponse) => void>();
  readonly #id = randomBytes(6).toString('hex');
  #buffer = Buffer.alloc(0);
  #sequence = 0;

  private constructor(options: SipUserOptions, socket: TLSSocket) {
    this.aor = options.aor;
    this.#password = options.password;
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => {
      // Pending requests time out and say so.
    });
  }

  static async connect(options: SipUserOptions): Promise<SipUser> {
    const outside = 'edge' in options;
    const [host, port] = (outside ? options.edge : options.server).split(':');
    const socket = connect({
      host: host ?? '',
      port: Number(port),
      servername: outside ? 'sip.contoso.com' : options.serverName,
      ca: readFileSync(options.ca),
      ...(outside ? {} : { localAddress: options.localAddress }),
    });
    await once(socket, 'secureConnect');
    return new SipUser(options, socket);
  }

  register(expires = 600): Promise<SimpleResponse> {
    const contact = `<sip:${this.#user}@${this.#socket.localAddress}:${this.#socket.localPort};transport=tls>`;
    const headers = [
      `Contact: ${contact};expires=${expires};+sip.instance="<urn:uuid:${this.#id}>";reg-id=1`,
      'Supported: path, outbound',
    ];
    return this.#ask('REGISTER', `sip:${this.#domain}`, this.aor, headers, '');
  }

  message(to: string, text: string): Promise<SimpleResponse> {
    return this.#ask('MESSAGE', `sip:${to}`, to, ['Content-Type: text/plain'], text);
  }

  close(): void {
    this.#socket.destroy();
  }

  get #user(): string {
    return this.aor.split('@')[0] ?? '';
  }

  get #domain(): string {
    return this.aor.split('@')[1] ?? '';
  }

  async #ask(
    method: string,
    uri: string,
    to: string,
    headers: readonly string[],
    body: string,
  ): Promise<SimpleResponse> {
    const callId = randomBytes(8).toString('hex');
    const first = await this.#send(method, uri, to, callId, headers, body);
    if (first.status !== 401 && first.status !== 407) return first;
    const proxy = first.status === 407;
    const challenge = first.headers.get(proxy ? 'proxy-authenticate' : 'www-authenticate') ?? '';
    const name = proxy ? 'Proxy-Authorization' : 'Authorization';
    const line = `${name}: ${this.#digest(challenge, method, uri)}`;
    return this.#send(method, uri, to, callId, [...headers, line], body);
  }

  /** RFC 7616 section 3.4, qop=auth, with whichever algorithm the first challenge names. */
  #digest(challenge: string, method: string, uri: string): string {
    const parameter = (name: string): string =>
      new RegExp(`[ ,]${name}="?([^",]+)"?`, 'iu').exec(challenge)?.[1] ?? '';
    const algorithm = parameter('algorithm') || 'MD5';
    const hash = (text: string): string =>
      createHash(algorithm === 'SHA-256' ? 'sha256' : 'md5')
        .update(text)
        .digest('hex');
    const realm = parameter('realm');
    const nonce = parameter('nonce');
    const cnonce = randomBytes(6).toString('hex');
    const secret = hash(`${this.#user}:${realm}:${this.#password}`);
    const what = hash(`${method}:${uri}`);
    const response = hash(`${secret}:${nonce}:00000001:${cnonce}:auth:${what}`);
    return `Digest username="${this.#user}", realm="${realm}", nonce="${nonce}", uri="${uri}", algorithm=${algorithm}, cnonce="${cnonce}", nc=00000001, qop=auth, response="${response}"`;
  }

  #send(
    method: string,
    uri: string,
    to: string,
    callId: string,
    headers: readonly string[],
    body: string,
  ): Promise<SimpleResponse> {
    const branch = `z9hG4bK${randomBytes(8).toString('hex')}`;
    const { localAddress, localPort } = this.#socket;
    const lines = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/TLS ${localAddress}:${localPort};branch=${branch};rport`,
      'Max-Forwards: 70',
      `From: <sip:${this.aor}>;tag=${this.#id}`,
      `To: <sip:${to}>`,
      `Call-ID: ${callId}`,
      `CSeq: ${++this.#sequence} ${method}`,
      ...headers,
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ];
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(branch);
        reject(new Error(`${this.aor}: no answer to ${method} ${uri} within 40 s`));
      }, 40_000);
      this.#waiting.set(branch, (response) => {
        if (response.status < 200) return;
        this.statuses.push(response.status);
        clearTimeout(timer);
        this.#waiting.delete(branch);
        resolve(response);
      });
      this.#socket.write(lines.join('\r\n'));
    });
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const end = this.#buffer.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = this.#buffer.toString('latin1', 0, end);
      const length = Number(/^(?:Content-Length|l)\s*:\s*(\d+)/imu.exec(head)?.[1] ?? 0);
      if (this.#buffer.length < end + 4 + length) return;
      const body = this.#buffer.toString('utf8', end + 4, end + 4 + length);
      this.#buffer = this.#buffer.subarray(end + 4 + length);
      this.#take(head, body);
    }
  }

  #take(head: string, body: string): void {
    const [first = '', ...lines] = head.split('\r\n');
    const fields = lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    });
    if (first.startsWith('SIP/2.0 ')) {
      const headers = new Map(fields.toReversed());
      const contacts = fields.filter(([name]) => name === 'contact').map(([, value]) => value);
      const status = Number(first.slice(8, 11));
      const branch = /branch=([^;,\s]+)/u.exec(headers.get('via') ?? '')?.[1] ?? '';
      this.#waiting.get(branch)?.({ status, reason: first.slice(12), headers, contacts });
      return;
    }
    if (!first.startsWith('MESSAGE ')) return;
    this.received.push(body);
    const copied = lines.filter((line) => /^(?:via|v|from|f|to|t|call-id|i|cseq)\s*:/iu.test(line));
    const answer = copied.map((line) =>
      /^(?:to|t)\s*:/iu.test(line) ? `${line};tag=${this.#id}` : line,
    );
    this.#socket.write(['SIP/2.0 200 OK', ...answer, 'Content-Length: 0', '', ''].join('\r\n'));
  }
}
