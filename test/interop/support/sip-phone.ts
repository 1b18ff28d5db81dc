import { randomBytes } from 'node:crypto';
import {
  SipUser,
  newBranch,
  type Asked,
  type SimpleRequest,
  type SimpleResponse,
  type SipUserOptions,
} from './sip-user.ts';

/** One end of a dialog (RFC 3261 12): everything a request inside of it needs. */
interface Dialog {
  readonly callId: string;
  /** Values of From and To in requests from here, tags included. */
  readonly local: string;
  readonly remote: string;
  readonly routes: readonly string[];
  readonly target: string;
  cseq: number;
}

/** A call this phone makes. */
export interface Calling {
  /** The first 180. */
  readonly ringing: Promise<unknown>;
  /** The final response, its ACK sent. */
  readonly final: Promise<SimpleResponse>;
  cancel(): Promise<SimpleResponse>;
}

/** A call that came to this phone. */
interface Ringing {
  readonly request: SimpleRequest;
  readonly tag: string;
}

/** A `SipUser` that makes and takes calls: INVITE, ACK, CANCEL, BYE, re-INVITE. It sends no media. */
export class SipPhone extends SipUser {
  /** Methods of the requests that came, in order. */
  readonly heard: string[] = [];
  dialog: Dialog | undefined;
  /** Reason of the latest CANCEL. */
  reason: string | undefined;
  #ringing: Ringing | undefined;

  static override async connect(options: SipUserOptions): Promise<SipPhone> {
    return new SipPhone(options, await SipUser.open(options));
  }

  /** Calls somebody, with the password when asked for it. */
  call(to: string): Calling {
    const { promise: ringing, resolve: rings } = Promise.withResolvers<void>();
    const callId = randomBytes(8).toString('hex');
    const local = `<sip:${this.aor}>;tag=${randomBytes(4).toString('hex')}`;
    let current: Asked;
    let branch = '';
    const invite = async (
      cseq: number,
      credentials: readonly string[],
    ): Promise<SimpleResponse> => {
      const uri = `sip:${to}`;
      const headers = [`Contact: ${this.contact}`, ...credentials];
      current = {
        method: 'INVITE',
        uri,
        from: local,
        to: `<${uri}>`,
        callId,
        cseq,
        headers,
        body: '',
      };
      branch = newBranch();
      const answer = await this.transact(current, branch, ({ status }) => {
        if (status === 180) rings();
      });
      if (answer.status < 300) {
        this.dialog = this.#opened(answer, local, callId, cseq);
        this.transmit(this.#inside(this.dialog, 'ACK', cseq), newBranch());
        return answer;
      }
      const ack = { ...current, method: 'ACK', to: answer.headers.get('to') ?? '', headers: [] };
      this.transmit(ack, branch);
      const line = this.credentials(answer, 'INVITE', uri);
      return line === undefined || credentials.length > 0 ? answer : invite(cseq + 1, [line]);
    };
    return {
      ringing,
      final: invite(1, []),
      cancel: () => this.transact({ ...current, method: 'CANCEL', headers: [] }, branch),
    };
  }

  /** Takes the call that rings. */
  pickUp(): void {
    const call = this.#ringing;
    if (call === undefined) throw new Error(`${this.aor}: no call rings`);
    this.#ringing = undefined;
    const { headers, fields } = call.request;
    this.dialog = {
      callId: headers.get('call-id') ?? '',
      local: `${headers.get('to') ?? ''};tag=${call.tag}`,
      remote: headers.get('from') ?? '',
      routes: recorded(fields),
      target: uriIn(headers.get('contact')),
      cseq: 0,
    };
    this.reply(call.request, '200 OK', this.#dialogHeaders(call.request), call.tag);
  }

  /** Sends a request inside the dialog; an INVITE is acknowledged. */
  async within(method: string): Promise<SimpleResponse> {
    const { dialog } = this;
    if (dialog === undefined) throw new Error(`${this.aor}: no dialog`);
    dialog.cseq += 1;
    const asked = this.#inside(dialog, method, dialog.cseq);
    const answer = await this.transact(asked, newBranch());
    if (method === 'INVITE' && answer.status < 300) {
      this.transmit(this.#inside(dialog, 'ACK', dialog.cseq), newBranch());
    }
    return answer;
  }

  /** Hosts the ringing call came by, nearest first. */
  get cameBy(): readonly string[] {
    const vias = this.#ringing?.request.fields.filter(([name]) => name === 'via') ?? [];
    return vias.map(([, value]) => /^SIP\/2\.0\/TLS ([^:;]+)/u.exec(value)?.[1] ?? '');
  }

  protected override asked(request: SimpleRequest): void {
    const { method, headers } = request;
    this.heard.push(method);
    if (method === 'INVITE' && !/;\s*tag=/u.test(headers.get('to') ?? '')) {
      const tag = randomBytes(4).toString('hex');
      this.#ringing = { request, tag };
      this.reply(request, '180 Ringing', this.#dialogHeaders(request), tag);
    } else if (method === 'CANCEL') {
      this.reason = headers.get('reason');
      const call = this.#ringing;
      this.#ringing = undefined;
      this.reply(request, '200 OK');
      if (call !== undefined) {
        this.reply(call.request, '487 Request Terminated', [], call.tag);
      }
    } else if (method === 'MESSAGE') super.asked(request);
    else if (method !== 'ACK') this.reply(request, '200 OK', [`Contact: ${this.contact}`]);
  }

  #dialogHeaders({ fields }: SimpleRequest): readonly string[] {
    return [`Contact: ${this.contact}`, ...recorded(fields).map((r) => `Record-Route: ${r}`)];
  }

  #opened(answer: SimpleResponse, local: string, callId: string, cseq: number): Dialog {
    return {
      callId,
      local,
      remote: answer.headers.get('to') ?? '',
      routes: recorded(answer.fields).toReversed(),
      target: uriIn(answer.contacts[0]),
      cseq,
    };
  }

  #inside(dialog: Dialog, method: string, cseq: number): Asked {
    const { callId, local, remote, routes, target } = dialog;
    const headers = routes.map((route) => `Route: ${route}`);
    if (method === 'INVITE') headers.push(`Contact: ${this.contact}`);
    return { method, uri: target, from: local, to: remote, callId, cseq, headers, body: '' };
  }
}

/** The Record-Routes in their order. */
function recorded(fields: SimpleRequest['fields']): readonly string[] {
  return fields
    .filter(([name]) => name === 'record-route')
    .flatMap(([, value]) => value.split(',').map((each) => each.trim()));
}

function uriIn(contact: string | undefined): string {
  return /<([^>]+)>/u.exec(contact ?? '')?.[1] ?? contact ?? '';
}
