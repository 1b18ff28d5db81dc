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
  /** Every header line in order, lower-case names. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** A request somebody sent here. */
export interface SimpleRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Lines every answer repeats: Via, From, To, Call-ID, CSeq. */
  readonly copied: readonly string[];
  readonly body: string;
}

/** A request to send, apart from what every one has. */
export interface Asked {
  readonly method: string;
  readonly uri: string;
  /** Values of From and To, tags included. */
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly cseq: number;
  readonly headers: readonly string[];
  readonly body: string;
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
  /** Headers that answered challenges, in order. */
  readonly proved: string[] = [];
  readonly #password: string;
  readonly #socket: TLSSocket;
  readonly #waiting = new Map<string, (response: SimpleResponse) => void>();
  readonly #id = randomBytes(6).toString('hex');
  #buffer = Buffer.alloc(0);
  #sequence = 0;

  protected constructor(options: SipUserOptions, socket: TLSSocket) {
    this.aor = options.aor;
    this.#password = options.password;
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => {
      // Pending requests time out and say so.
    });
  }

  static async connect(options: SipUserOptions): Promise<SipUser> {
    return new SipUser(options, await SipUser.open(options));
  }

  protected static async open(options: SipUserOptions): Promise<TLSSocket> {
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
    return socket;
  }

  /** The port it connected from. */
  get port(): number {
    return this.#socket.localPort ?? 0;
  }

  register(expires = 600): Promise<SimpleResponse> {
    const headers = [
      `Contact: ${this.contact};expires=${expires};+sip.instance="<urn:uuid:${this.#id}>";reg-id=1`,
      'Supported: path, outbound',
    ];
    return this.#ask('REGISTER', `sip:${this.#domain}`, this.aor, headers, '');
  }

  /** Registers with credentials that were used before, here or by another one of the same user. */
  replay(credentials: string): Promise<SimpleResponse> {
    const headers = [`Contact: ${this.contact};expires=600`, 'Supported: path', credentials];
    const callId = randomBytes(8).toString('hex');
    return this.#send('REGISTER', `sip:${this.#domain}`, this.aor, callId, headers, '');
  }

  message(to: string, text: string): Promise<SimpleResponse> {
    return this.#ask('MESSAGE', `sip:${to}`, to, ['Content-Type: text/plain'], text);
  }

  close(): void {
    this.#socket.destroy();
  }

  protected get contact(): string {
    const { localAddress, localPort } = this.#socket;
    return `<sip:${this.#user}@${localAddress}:${localPort};transport=tls>`;
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
    const line = this.credentials(first, method, uri);
    if (line === undefined) return first;
    return this.#send(method, uri, to, callId, [...headers, line], body);
  }

  /** The header that answers a challenge; undefined when the response is none. */
  protected credentials(
    { status, headers }: SimpleResponse,
    method: string,
    uri: string,
  ): string | undefined {
    if (status !== 401 && status !== 407) return undefined;
    const proxy = status === 407;
    const challenge = headers.get(proxy ? 'proxy-authenticate' : 'www-authenticate') ?? '';
    const name = proxy ? 'Proxy-Authorization' : 'Authorization';
    const line = `${name}: ${this.#digest(challenge, method, uri)}`;
    this.proved.push(line);
    return line;
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
    const asked: Asked = {
      method,
      uri,
      from: `<sip:${this.aor}>;tag=${this.#id}`,
      to: `<sip:${to}>`,
      callId,
      cseq: ++this.#sequence,
      headers,
      body,
    };
    return this.transact(asked, newBranch());
  }

  /** Sends a request; resolves with its final response. `heard` is told the provisional ones. */
  protected transact(
    asked: Asked,
    branch: string,
    heard?: (response: SimpleResponse) => void,
  ): Promise<SimpleResponse> {
    const { method, uri } = asked;
    // A CANCEL has the branch of its INVITE.
    const key = `${branch} ${method}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(key);
        reject(new Error(`${this.aor}: no answer to ${method} ${uri} within 40 s`));
      }, 40_000);
      this.#waiting.set(key, (response) => {
        if (response.status < 200) {
          heard?.(response);
          return;
        }
        this.statuses.push(response.status);
        clearTimeout(timer);
        this.#waiting.delete(key);
        resolve(response);
      });
      this.transmit(asked, branch);
    });
  }

  /** Sends a request and expects nothing. */
  protected transmit(asked: Asked, branch: string): void {
    const { localAddress, localPort } = this.#socket;
    const lines = [
      `${asked.method} ${asked.uri} SIP/2.0`,
      `Via: SIP/2.0/TLS ${localAddress}:${localPort};branch=${branch};rport`,
      'Max-Forwards: 70',
      `From: ${asked.from}`,
      `To: ${asked.to}`,
      `Call-ID: ${asked.callId}`,
      `CSeq: ${asked.cseq} ${asked.method}`,
      ...asked.headers,
      `Content-Length: ${Buffer.byteLength(asked.body)}`,
      '',
      asked.body,
    ];
    this.#socket.write(lines.join('\r\n'));
  }

  /** Answers a request; `tag` is added to a To without one. */
  protected reply(
    request: SimpleRequest,
    status: string,
    headers: readonly string[] = [],
    tag = this.#id,
  ): void {
    const copied = request.copied.map((line) =>
      /^(?:to|t)\s*:/iu.test(line) && !/;\s*tag=/iu.test(line) ? `${line};tag=${tag}` : line,
    );
    const lines = [`SIP/2.0 ${status}`, ...copied, ...headers, 'Content-Length: 0', '', ''];
    this.#socket.write(lines.join('\r\n'));
  }

  /** A request has come. */
  protected asked(request: SimpleRequest): void {
    if (request.method !== 'MESSAGE') return;
    this.received.push(request.body);
    this.reply(request, '200 OK');
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
    const headers = new Map(fields.toReversed());
    if (first.startsWith('SIP/2.0 ')) {
      const contacts = fields.filter(([name]) => name === 'contact').map(([, value]) => value);
      const status = Number(first.slice(8, 11));
      const branch = /branch=([^;,\s]+)/u.exec(headers.get('via') ?? '')?.[1] ?? '';
      const response = { status, reason: first.slice(12), headers, contacts, fields };
      const method = /[A-Z]+$/u.exec(headers.get('cseq') ?? '')?.[0] ?? '';
      this.#waiting.get(`${branch} ${method}`)?.(response);
      return;
    }
    const [method = '', uri = ''] = first.split(' ');
    const copied = lines.filter((line) => /^(?:via|v|from|f|to|t|call-id|i|cseq)\s*:/iu.test(line));
    this.asked({ method, uri, headers, fields, copied, body });
  }
}

/** A branch never used before. */
export function newBranch(): string {
  return `z9hG4bK${randomBytes(8).toString('hex')}`;
}
