import { randomBytes } from 'node:crypto';
import { answerChallenge } from '#identity';
import { SipRequest, SipResponse, buildRequest, buildResponse } from '#sip';
import type { HeaderField, SipMessage } from '#sip';
import type { MemoryWire } from '../../../src/sip/proxy/memory.fixture.ts';

export const domain = 'contoso.com';

/** One end's view of a dialog (RFC 3261 12). */
interface Dialog {
  readonly callId: string;
  readonly local: string;
  readonly remote: string;
  readonly target: string;
  readonly routes: readonly string[];
}

let calls = 0;
let branches = 0;

/** The word scripts know a message by: its method or its status. */
export function wordOf(message: SipMessage): string {
  if (message instanceof SipRequest) return message.method;
  return message instanceof SipResponse ? String(message.status) : '';
}

/** A branch nobody else has. */
export function newBranch(): string {
  branches += 1;
  return `z9hG4bKscene${branches}`;
}

/** A phone, or a proxy, with one connection; as dutiful as RFC 3261 asks unless a note says otherwise. */
export class Actor {
  readonly name: string;
  /** `alice` for `alice` and for `alice.desk`. */
  readonly user: string;
  wire: MemoryWire;
  /** The latest of each method and status. */
  readonly sent = new Map<string, SipMessage>();
  readonly read = new Map<string, SipMessage>();
  #unread = 0;
  #dialog: Dialog | undefined;
  /** Final response to the latest INVITE. */
  #final: SipResponse | undefined;
  #cseq = 0;
  #challenge: { readonly header: string; readonly value: string } | undefined;
  #nonceUses = 0;
  readonly #registration = `registration-${(calls += 1)}`;

  constructor(name: string, wire: MemoryWire) {
    this.name = name;
    this.user = name.split('.')[0] ?? name;
    this.wire = wire;
  }

  /** Where requests inside a dialog reach this actor. */
  get contact(): string {
    return `sip:${this.user}@${this.name}.invalid`;
  }

  /** The next message not read yet; those with status 100 are passed over unless asked for. */
  next(what?: string): SipMessage | undefined {
    for (;;) {
      const message = this.wire.sent[this.#unread];
      if (message === undefined) return undefined;
      this.#unread += 1;
      if (message instanceof SipResponse && message.status === 100 && what !== '100') continue;
      this.#learn(message);
      return message;
    }
  }

  /** A connection in place of the old one. */
  reconnect(wire: MemoryWire): void {
    this.wire = wire;
    this.#unread = 0;
  }

  request(method: string, callee: string | undefined): SipRequest {
    if (callee === undefined && (method === 'CANCEL' || method === 'ACK')) {
      const refused = method === 'CANCEL' || (this.#final?.status ?? 0) >= 300;
      return refused ? this.#companion(method) : this.#inside(method, this.#inviteCseq());
    }
    this.#cseq += 1;
    if (method !== 'REGISTER' && callee === undefined) return this.#inside(method, this.#cseq);
    calls += 1;
    const self = `<sip:${this.user}@${domain}>`;
    const register = method === 'REGISTER';
    const to = register ? self : `<sip:${callee}@${domain}>`;
    return this.#build(method, register ? `sip:${domain}` : `sip:${callee}@${domain}`, [
      ['From', `${self};tag=from-${this.name}`],
      ['To', to],
      ['Call-ID', register ? this.#registration : `call-${calls}`],
      ['CSeq', `${this.#cseq} ${method}`],
      ...(method === 'INVITE' ? [['Contact', `<${this.contact}>`] as const] : []),
    ]);
  }

  /** The answer to the latest request that was read: of this method, else of any that asks for one. */
  response(status: number, method: string | undefined, tag: string | undefined): SipResponse {
    const wanted = (message: SipMessage): message is SipRequest =>
      message instanceof SipRequest &&
      (method === undefined
        ? !/^(?:ACK|CANCEL)$/u.test(message.method)
        : message.method === method);
    const asked = [...this.read.values()].findLast((message) => wanted(message));
    if (!(asked instanceof SipRequest)) throw new Error(`${this.name} was asked nothing`);
    const headers: HeaderField[] = asked
      .values('Record-Route')
      .map((value) => ['Record-Route', value]);
    if (status < 300) headers.push(['Contact', `<${this.contact}>`]);
    const toTag = tag ?? `to-${this.name}`;
    const opens = asked.method === 'INVITE' && status > 100 && status < 300;
    const response = buildResponse(asked, status, undefined, {
      toTag,
      headers: opens ? headers : [],
    });
    if (opens && status >= 200) this.#openAsCallee(asked, response);
    return response;
  }

  /** Credentials for the latest challenge; `forged` for a nonce the server never gave. */
  signed(request: SipRequest, password: string, forged: boolean): HeaderField {
    if (this.#challenge === undefined) throw new Error(`${this.name} was not challenged`);
    this.#nonceUses += 1;
    const { header, value } = this.#challenge;
    const credentials = answerChallenge({
      challenge: forged ? value.replace(/nonce="[^"]*"/u, 'nonce="forged"') : value,
      username: this.user,
      password,
      method: request.method,
      uri: request.requestUri,
      nc: this.#nonceUses,
      cnonce: randomBytes(8).toString('hex'),
    });
    return [header, credentials];
  }

  #learn(message: SipMessage): void {
    const key = wordOf(message);
    this.read.delete(key);
    this.read.set(key, message);
    if (!(message instanceof SipResponse)) return;
    const { status } = message;
    for (const name of ['WWW-Authenticate', 'Proxy-Authenticate'] as const) {
      const [value] = message.headers(name);
      if (value === undefined) continue;
      const header = name === 'WWW-Authenticate' ? 'Authorization' : 'Proxy-Authorization';
      this.#challenge = { header, value };
      this.#nonceUses = 0;
    }
    if (message.cseq.method !== 'INVITE' || status < 200) return;
    this.#final = message;
    if (status < 300) this.#openAsCaller(message);
  }

  #openAsCaller(response: SipResponse): void {
    const { contacts } = response;
    this.#dialog = {
      callId: response.callId,
      local: response.header('From') ?? '',
      remote: response.header('To') ?? '',
      target: contacts === '*' ? '' : (contacts[0]?.uri ?? ''),
      routes: response.values('Record-Route').toReversed(),
    };
  }

  #openAsCallee(request: SipRequest, response: SipResponse): void {
    const { contacts } = request;
    this.#dialog = {
      callId: request.callId,
      local: response.header('To') ?? '',
      remote: request.header('From') ?? '',
      target: contacts === '*' ? '' : (contacts[0]?.uri ?? ''),
      routes: request.values('Record-Route'),
    };
  }

  #inside(method: string, cseq: number): SipRequest {
    if (this.#dialog === undefined) throw new Error(`${this.name} is in no dialog`);
    const { callId, local, remote, target, routes } = this.#dialog;
    return this.#build(method, target, [
      ...routes.map((value): HeaderField => ['Route', value]),
      ['From', local],
      ['To', remote],
      ['Call-ID', callId],
      ['CSeq', `${cseq} ${method}`],
      ...(method === 'INVITE' ? [['Contact', `<${this.contact}>`] as const] : []),
    ]);
  }

  /** The ACK of a refusal, and CANCEL, share the branch of their INVITE (RFC 3261 9.1, 17.1.1.3). */
  #companion(method: 'ACK' | 'CANCEL'): SipRequest {
    const invite = this.#invite();
    const via = invite.values('Via')[0] ?? '';
    const to = method === 'ACK' ? this.#final?.header('To') : invite.header('To');
    return buildRequest({
      method,
      uri: invite.requestUri,
      headers: [
        ['Via', via],
        ['Max-Forwards', '70'],
        ...invite.headers('Route').map((value): HeaderField => ['Route', value]),
        ['From', invite.header('From') ?? ''],
        ['To', to ?? ''],
        ['Call-ID', invite.callId],
        ['CSeq', `${invite.cseq.number} ${method}`],
      ],
    });
  }

  #invite(): SipRequest {
    const invite = this.sent.get('INVITE');
    if (!(invite instanceof SipRequest)) throw new Error(`${this.name} sent no INVITE`);
    return invite;
  }

  #inviteCseq(): number {
    return this.#invite().cseq.number;
  }

  #build(method: string, uri: string, headers: readonly HeaderField[]): SipRequest {
    const via = `SIP/2.0/TLS ${this.name}.invalid;branch=${newBranch()};rport`;
    return buildRequest({
      method,
      uri,
      headers: [['Via', via], ['Max-Forwards', '70'], ...headers],
    });
  }
}
