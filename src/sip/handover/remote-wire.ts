import { ownerOf, type Siblings } from '#base';
import { Wire } from '../transport/wire.ts';
import type { WireFacts } from './wire-facts.ts';

/** What siblings tell each other about a connection, by what is told. */
export const topics = {
  /** Question: the id of a connection; the answer its facts, or null when it is gone. */
  borrow: 'sip:borrow',
  /** Id and text: send this over your connection. */
  send: 'sip:send',
  /** Id and reason: close your connection. */
  close: 'sip:close',
  /** Id: the connection you borrowed is gone. */
  closed: 'sip:closed',
  /** Connection (id when borrowed, else facts) and text: a response to what you sent. */
  response: 'sip:response',
  /** Question: facts and text of a CANCEL; the answer says whether its request was in progress there. */
  cancel: 'sip:cancel',
} as const;

/**
 * A connection another process of this host holds, as transactions and the proxy engine see it here. What is
 * sent goes to its holder; that it has closed its holder tells.
 */
export class RemoteWire extends Wire {
  readonly serverName: string | undefined;
  readonly #siblings: Siblings;
  readonly #holder: string;

  constructor(facts: WireFacts, siblings: Siblings) {
    super(facts.id, facts.peer, facts.label, facts.local, facts.remote);
    this.serverName = facts.serverName;
    this.#siblings = siblings;
    this.#holder = ownerOf(facts.id);
  }

  get congested(): boolean {
    return this.#siblings.congested(this.#holder);
  }

  send(data: Uint8Array | string): boolean {
    if (this.closed) return false;
    const text = typeof data === 'string' ? data : Buffer.from(data).toString('latin1');
    return this.#siblings.tell(this.#holder, topics.send, [this.id, text]);
  }

  close(reason?: string): void {
    if (this.closed) return;
    this.#siblings.tell(this.#holder, topics.close, [this.id, reason ?? null]);
    this.ended();
  }

  /** It is gone, or its holder is; for whoever was told. */
  gone(): void {
    this.ended();
  }
}
