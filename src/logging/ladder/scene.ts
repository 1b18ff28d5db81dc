import { toRecord, type LogRecord } from '../record.ts';

/** Where a message of a scene is sent. */
export interface Leg {
  readonly from: string;
  readonly to: string;
  /** The VIP the sender connected to, when it was not the receiver's own address. */
  readonly via?: { readonly address: string; readonly pool: string };
}

/** Addresses of a scene's parties; those with a dot in their name are hosts that record. */
export type Parties = Readonly<Record<string, string>>;

/**
 * Makes the records of a conversation as the agents of its hosts would: each leg is recorded at its
 * sender and its receiver, as far as they are hosts. For tests and for the documentation.
 */
export class Scene {
  readonly records: LogRecord[] = [];
  readonly #parties: Parties;
  readonly #callId: string;
  readonly #sequences = new Map<string, number>();
  #at: number;

  constructor(parties: Parties, callId: string, startedAt: number) {
    this.#parties = parties;
    this.#callId = callId;
    this.#at = startedAt;
  }

  /** Sends a request along the legs; a Via is added on each. Every leg takes a millisecond. */
  request(
    method: string,
    cseq: number,
    people: { from: string; to: string },
    legs: readonly Leg[],
  ): this {
    legs.forEach((leg, index) => {
      this.#leg(
        leg,
        false,
        `${method} sip:${people.to} SIP/2.0`,
        method,
        cseq,
        people,
        legs,
        index + 1,
      );
    });
    return this;
  }

  /** Sends a response back along the legs of its request, from the last to the first. */
  response(
    status: string,
    method: string,
    cseq: number,
    people: { from: string; to: string },
    legs: readonly Leg[],
  ): this {
    for (let index = legs.length; index > 0; index--) {
      const leg = legs[index - 1];
      if (leg === undefined) continue;
      this.#leg(leg, true, `SIP/2.0 ${status}`, method, cseq, people, legs, index);
    }
    return this;
  }

  /** Lets time pass, in milliseconds. */
  pause(milliseconds: number): this {
    this.#at += milliseconds;
    return this;
  }

  #leg(
    leg: Leg,
    back: boolean,
    startLine: string,
    method: string,
    cseq: number,
    people: { from: string; to: string },
    legs: readonly Leg[],
    vias: number,
  ): void {
    const lines = [startLine];
    for (let index = vias - 1; index >= 0; index--) {
      const sender = legs[index]?.from ?? '';
      lines.push(`Via: SIP/2.0/TLS ${sender};branch=z9hG4bK-${method}-${cseq}-${sender}-${index}`);
    }
    lines.push(
      `From: <sip:${people.from}>;tag=a`,
      `To: <sip:${people.to}>`,
      `Call-ID: ${this.#callId}`,
      `CSeq: ${cseq} ${method}`,
      '',
      '',
    );
    const head = lines.join('\r\n');
    const [near, far] = [this.#parties[leg.from] ?? '', this.#parties[leg.to] ?? ''];
    const caller = [leg.from, leg.via?.pool ?? leg.to, near, leg.via?.address ?? far] as const;
    const called = [leg.to, leg.from, far, near] as const;
    this.#record('out', ...(back ? called : caller), head, !back);
    this.#record('in', ...(back ? caller : called), head, back);
    this.#at += 1;
  }

  #record(
    direction: 'in' | 'out',
    host: string,
    peer: string,
    local: string,
    remote: string,
    head: string,
    dialled: boolean,
  ): void {
    if (!host.includes('.')) return;
    const sequence = this.#sequences.get(host) ?? 0;
    this.#sequences.set(host, sequence + 1);
    this.records.push(
      toRecord(
        {
          kind: 'message',
          level: 'Info',
          at: this.#at,
          sequence,
          direction,
          local,
          remote,
          peer: peer.includes('.') ? peer : 'client',
          label: dialled ? 'dialled' : 'sip',
          head,
          bodyLength: 0,
        },
        { host, writer: '1' },
        () => false,
      ),
    );
  }
}
