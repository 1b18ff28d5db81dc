import { ManualClock, SiblingCircle, type CircleMember } from '#base';
import {
  SipRequest,
  SipResponse,
  buildRequest,
  buildResponse,
  parseMessage,
} from '../message/index.ts';
import type { HeaderField, SipMessage } from '../message/index.ts';
import type { Peer } from '../transport/connection.ts';
import { defaultSipLimits } from '../transport/limits.ts';
import type { SipLimits } from '../transport/limits.ts';
import { Wire } from '../transport/wire.ts';
import { ProxyCore } from './core.ts';
import type { ProxyDump } from './core.ts';
import type { Dialler } from './engine.ts';
import type { ForwardPlan, Outcome, RequestContext, SipHop, Target } from './model.ts';

/** A connection in memory: what is sent over it is kept, parsed, for the test to read. */
export class MemoryWire extends Wire {
  readonly sent: SipMessage[] = [];
  congestedNow = false;

  get congested(): boolean {
    return this.congestedNow;
  }

  send(data: Uint8Array | string): boolean {
    if (this.closed) return false;
    this.sent.push(
      parseMessage(typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data)),
    );
    return true;
  }

  close(): void {
    this.ended();
  }

  /** The requests sent, oldest first. */
  get requests(): SipRequest[] {
    return this.sent.filter((message) => message instanceof SipRequest);
  }

  /** The responses sent, oldest first. */
  get responses(): SipResponse[] {
    return this.sent.filter((message) => message instanceof SipResponse);
  }

  get statuses(): number[] {
    return this.responses.map(({ status }) => status);
  }

  get methods(): string[] {
    return this.requests.map(({ method }) => method);
  }

  /** The latest request of this method; throws when there is none. */
  last(method: string): SipRequest {
    const found = this.requests.findLast((message) => message.method === method);
    if (found === undefined) throw new Error(`No ${method} went to ${this.label} ${this.id}`);
    return found;
  }

  /** The latest response; throws when there is none. */
  get answer(): SipResponse {
    const found = this.responses.at(-1);
    if (found === undefined) throw new Error(`No response went to ${this.label} ${this.id}`);
    return found;
  }
}

/** Hops in memory: each connect takes the next thing planned for its name, by default a success. */
export class MemoryDialler implements Dialler {
  readonly dialled: string[] = [];
  readonly wires = new Map<string, MemoryWire>();
  readonly refusing = new Set<string>();
  readonly down = new Set<string>();
  readonly #make: (hop: SipHop) => MemoryWire;

  constructor(make: (hop: SipHop) => MemoryWire) {
    this.#make = make;
  }

  ready(hop: SipHop): MemoryWire | undefined {
    const wire = this.wires.get(hop.name);
    return wire === undefined || wire.closed ? undefined : wire;
  }

  async connect(hop: SipHop): Promise<MemoryWire> {
    this.dialled.push(hop.name);
    await Promise.resolve();
    if (this.refusing.has(hop.name)) throw new Error(`${hop.name} refuses`);
    const wire = this.ready(hop) ?? this.#make(hop);
    this.wires.set(hop.name, wire);
    return wire;
  }

  isDown(hop: SipHop): boolean {
    return this.down.has(hop.name);
  }

  silent(hop: SipHop): void {
    this.down.add(hop.name);
  }
}

/** A proxy whose clock and connections are the test's. */
export class ProxyHarness {
  readonly clock = new ManualClock(1_000_000);
  readonly dialler: MemoryDialler;
  readonly core: ProxyCore;
  readonly contexts: RequestContext[] = [];
  /** What the next request meets; replace it to change the decision. */
  decide: (context: RequestContext) => Outcome | Promise<Outcome> = () => ({
    kind: 'respond',
    status: 200,
  });
  readonly siblings: CircleMember;
  readonly #wires = new Map<string, MemoryWire>();
  #count = 0;

  /** `circle`: the other processes of the host. */
  constructor(limits: Partial<SipLimits> = {}, circle?: SiblingCircle) {
    this.siblings = (circle ?? new SiblingCircle(this.clock)).join();
    this.dialler = new MemoryDialler((hop) =>
      this.wire({ kind: 'server', fqdn: hop.name }, 'dialled'),
    );
    this.core = new ProxyCore({
      name: 'proxy.example.net',
      labels: ['sip'],
      clock: this.clock,
      limits: { ...defaultSipLimits, ...limits },
      dialler: this.dialler,
      sentBy: () => 'proxy.example.net:15061',
      handle: (context) => {
        this.contexts.push(context);
        return this.decide(context);
      },
      connection: (id) => this.#wires.get(id),
      siblings: this.siblings,
    });
  }

  wire(peer: Peer = { kind: 'client' }, label = 'sip'): MemoryWire {
    this.#count += 1;
    const remote = { address: `127.0.0.${this.#count}`, port: 40_000 + this.#count };
    const wire = new MemoryWire(
      `${this.siblings.name}${this.#count}`,
      peer,
      label,
      { address: '127.0.0.1', port: 15_061 },
      remote,
    );
    this.#wires.set(wire.id, wire);
    return wire;
  }

  /** Open connections to that many callees, and a plan that forks to all of them at once. */
  callees(count: number): { wires: MemoryWire[]; plan: ForwardPlan } {
    const wires = Array.from({ length: count }, () => this.wire());
    return { wires, plan: { groups: [wires.map((wire) => toWire(wire))] } };
  }

  forward(plan: ForwardPlan): void {
    this.decide = () => ({ kind: 'forward', plan });
  }

  receive(message: SipMessage, wire: Wire): void {
    this.core.receive(message, wire);
  }

  /** The peer of `wire` answers a request it got. */
  reply(wire: Wire, asked: SipRequest, status: number, headers: HeaderField[] = []): void {
    this.receive(
      buildResponse(asked, status, undefined, { headers, toTag: `at-${wire.id}` }),
      wire,
    );
  }

  /** Everything at work, by number; all zero when nothing is left. */
  get left(): readonly number[] {
    const { serverTransactions, clientTransactions, timers } = this.counts;
    return [serverTransactions, clientTransactions, timers];
  }

  get counts(): ProxyDump {
    return this.core.dump();
  }
}

/** A target that is an open connection. */
export function toWire(wire: Wire): Target {
  return { via: { kind: 'connection', id: wire.id } };
}

/** A target that is reached over these hops. */
export function toHops(...names: string[]): Target {
  const hops = names.map((name, index) => ({
    address: `127.9.9.${index + 1}`,
    port: 15_061,
    name,
  }));
  return { via: { kind: 'hops', hops } };
}

let branches = 0;

/** A request as a client would send it; `more` are further headers. */
export function request(
  method: string,
  options: {
    branch?: string;
    uri?: string;
    cseq?: number;
    toTag?: string;
    via?: string;
    more?: HeaderField[];
    callId?: string;
    maxForwards?: number | undefined;
    body?: string;
  } = {},
): SipRequest {
  branches += 1;
  const branch = options.branch ?? `z9hG4bKtest${branches}`;
  const tag = options.toTag === undefined ? '' : `;tag=${options.toTag}`;
  const headers: HeaderField[] = [
    ['Via', options.via ?? `SIP/2.0/TLS caller.invalid;branch=${branch};rport`],
    ['From', '"Alice" <sip:alice@example.net>;tag=a1'],
    ['To', `<sip:bob@example.net>${tag}`],
    ['Call-ID', options.callId ?? `call-${branches}`],
    ['CSeq', `${options.cseq ?? 1} ${method}`],
    ...(options.more ?? []),
  ];
  if (!('maxForwards' in options)) headers.push(['Max-Forwards', '70']);
  else if (options.maxForwards !== undefined)
    headers.push(['Max-Forwards', String(options.maxForwards)]);
  return buildRequest({
    method,
    uri: options.uri ?? 'sip:bob@example.net',
    headers,
    body: options.body === undefined ? undefined : Buffer.from(options.body),
  });
}

/** The ACK or CANCEL that goes with an INVITE, as its sender would write it. */
export function companion(
  invite: SipRequest,
  method: 'ACK' | 'CANCEL',
  toTag?: string,
): SipRequest {
  const { branch } = invite.topVia;
  if (branch === undefined) throw new Error('An INVITE without branch');
  return request(method, {
    branch,
    uri: invite.requestUri,
    cseq: invite.cseq.number,
    callId: invite.callId,
    ...(toTag === undefined ? {} : { toTag }),
  });
}

/** Lets promises settle: connects in memory take a few turns of the microtask queue. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await Promise.resolve();
}
