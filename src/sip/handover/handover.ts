import { ownerOf, type Cancel, type Dump, type Siblings } from '#base';
import { parseMessage, serverLimits, SipRequest, SipResponse } from '../message/index.ts';
import type { SipMessage } from '../message/index.ts';
import type { Wire } from '../transport/wire.ts';
import { RemoteWire, topics } from './remote-wire.ts';
import { readFacts, tellFacts } from './wire-facts.ts';
import type { WireFacts } from './wire-facts.ts';

/** What a handover needs from the proxy around it. */
export interface HandoverOptions {
  readonly siblings: Siblings;
  /** The open connection of this process with this id. */
  readonly connection: (id: string) => (Wire & Pick<WireFacts, 'serverName'>) | undefined;
  /** The process of this host that wrote this branch, were it one of ours. */
  readonly writerOf: (branch: string) => string | undefined;
  /** A response to a request of ours came to a sibling, over `wire`. */
  readonly received: (response: SipResponse, wire: Wire) => void;
  /** A CANCEL came to a sibling, over `wire`; true when its request is in progress here. */
  readonly cancel: (cancel: SipRequest, wire: Wire) => boolean;
}

/** How often a process is asked for a connection; after that many seconds it is as good as dead. */
const attempts = 4;

/** What is lent and borrowed at present. */
export type HandoverDump = {
  /** Processes of this host beside this one. */
  readonly siblings: number;
  /** Connections of ours that siblings send over, and of siblings that we send over. */
  readonly lent: number;
  readonly borrowed: number;
  /** Messages handed to the process they belong to, so far. */
  readonly passedOn: number;
};

/**
 * What makes several processes of a host one SIP element. A connection belongs to the process that accepted
 * or dialled it, a transaction to the one its request came to. Who needs the connection of a sibling
 * borrows it; a response that comes to the wrong process goes to the one its branch names; a CANCEL
 * whose request is not here is put to all of them.
 */
export class Handover {
  readonly #options: HandoverOptions;
  readonly #siblings: Siblings;
  readonly #borrowed = new Map<string, RemoteWire>();
  readonly #asked = new Map<string, Promise<Wire | undefined>>();
  /** Connections that closed while we were being told their facts. */
  readonly #closedMeanwhile = new Set<string>();
  /** Who borrowed a connection of ours. */
  readonly #lent = new Map<string, Set<string>>();
  readonly #stops: readonly Cancel[];
  #passedOn = 0;

  constructor(options: HandoverOptions) {
    const { siblings } = options;
    this.#options = options;
    this.#siblings = siblings;
    this.#stops = [
      siblings.answer(topics.borrow, (id, from) => this.#lend(id, from)),
      siblings.answer(topics.cancel, (told) => this.#cancelHere(told)),
      siblings.hear(topics.send, (told, from) => this.#send(told, from)),
      siblings.hear(topics.close, (told) => this.#close(told)),
      siblings.hear(topics.closed, (id) => this.#lose(id)),
      siblings.hear(topics.response, (told) => this.#receive(told)),
      siblings.watch({ left: (name) => this.#forget(name) }),
    ];
  }

  /** The connection of a sibling; undefined when nobody who is there has it. */
  wire(id: string): Wire | Promise<Wire | undefined> | undefined {
    const known = this.#borrowed.get(id);
    if (known !== undefined) return known;
    if (!this.#siblings.others.has(ownerOf(id))) return undefined;
    let asked = this.#asked.get(id);
    if (asked === undefined) {
      asked = this.#borrow(id).finally(() => this.#asked.delete(id));
      this.#asked.set(id, asked);
    }
    return asked;
  }

  /** Hands a response that belongs to nothing here to the process that waits for it; false when there is none. */
  passResponse(response: SipResponse, wire: Wire): boolean {
    const writer = this.#options.writerOf(response.topVia.branch ?? '');
    if (writer === undefined || !this.#siblings.others.has(writer)) return false;
    const known = this.#lent.get(wire.id)?.has(writer) === true;
    const told = [known ? wire.id : tellFacts(wire), response.toText()];
    if (!this.#siblings.tell(writer, topics.response, told)) return false;
    this.#passedOn += 1;
    return true;
  }

  /**
   * Has a CANCEL end the request it names, wherever that is in progress. Only trusted servers keep their
   * transactions over several connections; those of a client are on its own.
   */
  passCancel(cancel: SipRequest, wire: Wire): boolean | Promise<boolean> {
    const { others } = this.#siblings;
    if (others.size === 0 || wire.peer.kind !== 'server') return false;
    return this.#askAll([tellFacts(wire), cancel.toText()]);
  }

  async #askAll(question: Dump): Promise<boolean> {
    const asked = [...this.#siblings.others].map((other) =>
      this.#siblings.ask(other, topics.cancel, question),
    );
    const found = (await Promise.all(asked)).includes(true);
    if (found) this.#passedOn += 1;
    return found;
  }

  /** A connection of ours has closed. */
  closed(id: string): void {
    const borrowers = this.#lent.get(id);
    if (borrowers === undefined) return;
    this.#lent.delete(id);
    for (const borrower of borrowers) this.#siblings.tell(borrower, topics.closed, id);
  }

  close(): void {
    for (const stop of this.#stops) stop();
    for (const wire of this.#borrowed.values()) wire.gone();
    this.#borrowed.clear();
  }

  dump(): HandoverDump {
    return {
      siblings: this.#siblings.others.size,
      lent: this.#lent.size,
      borrowed: this.#borrowed.size,
      passedOn: this.#passedOn,
    };
  }

  async #borrow(id: string): Promise<Wire | undefined> {
    const facts = readFacts(await this.#askHolder(id));
    const closed = this.#closedMeanwhile.delete(id);
    const held = this.#siblings.others.has(ownerOf(id));
    if (facts === undefined || facts.id !== id || closed || !held) return undefined;
    const wire = new RemoteWire(facts, this.#siblings);
    this.#borrowed.set(id, wire);
    return wire;
  }

  /**
   * A holder that does not answer in time is asked again: without its connection a client loses its
   * registration, and being busy for a moment is no reason for that.
   */
  async #askHolder(id: string): Promise<unknown> {
    const holder = ownerOf(id);
    for (let attempt = 1; ; attempt += 1) {
      const told = await this.#siblings.ask(holder, topics.borrow, id);
      const busy = told === undefined && this.#siblings.others.has(holder);
      if (!busy || attempt === attempts) return told;
    }
  }

  #lend(id: unknown, to: string): Dump {
    const wire = typeof id === 'string' ? this.#options.connection(id) : undefined;
    if (wire === undefined || wire.closed) return null;
    const borrowers = this.#lent.get(wire.id) ?? new Set();
    this.#lent.set(wire.id, borrowers.add(to));
    return tellFacts(wire);
  }

  #send(told: unknown, from: string): void {
    const [id, text] = pairOf(told);
    if (typeof id !== 'string' || typeof text !== 'string') return;
    const wire = this.#options.connection(id);
    if (wire?.send(text) !== true) this.#siblings.tell(from, topics.closed, id);
  }

  #close(told: unknown): void {
    const [id, reason] = pairOf(told);
    if (typeof id !== 'string') return;
    this.#options.connection(id)?.close(typeof reason === 'string' ? reason : undefined);
  }

  #lose(id: unknown): void {
    if (typeof id !== 'string') return;
    if (this.#asked.has(id)) this.#closedMeanwhile.add(id);
    const wire = this.#borrowed.get(id);
    this.#borrowed.delete(id);
    wire?.gone();
  }

  #receive(told: unknown): void {
    const [from, text] = pairOf(told);
    const wire = typeof from === 'string' ? this.#borrowed.get(from) : this.#visitor(from);
    const response = messageOf(text);
    if (wire !== undefined && response instanceof SipResponse) {
      this.#options.received(response, wire);
    }
  }

  #cancelHere(told: unknown): boolean {
    const [from, text] = pairOf(told);
    const wire = this.#visitor(from);
    const cancel = messageOf(text);
    return wire !== undefined && cancel instanceof SipRequest && this.#options.cancel(cancel, wire);
  }

  /** A connection we have not borrowed, which something came by. */
  #visitor(told: unknown): RemoteWire | undefined {
    const facts = readFacts(told);
    return facts === undefined ? undefined : new RemoteWire(facts, this.#siblings);
  }

  /** A process is gone, and its connections with it. */
  #forget(name: string): void {
    for (const [id, wire] of this.#borrowed) {
      if (ownerOf(id) !== name) continue;
      this.#borrowed.delete(id);
      wire.gone();
    }
    for (const [id, borrowers] of this.#lent) {
      if (borrowers.delete(name) && borrowers.size === 0) this.#lent.delete(id);
    }
  }
}

function pairOf(told: unknown): readonly [unknown, unknown] {
  return Array.isArray(told) ? [told[0], told[1]] : [undefined, undefined];
}

/** A message a sibling has read whole before; undefined for anything else. */
function messageOf(text: unknown): SipMessage | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    return parseMessage(Buffer.from(text, 'latin1'), serverLimits);
  } catch {
    return undefined;
  }
}
