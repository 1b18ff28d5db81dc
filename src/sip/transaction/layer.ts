import type { SipRequest, SipResponse } from '../message/index.ts';
import type { Wire } from '../transport/wire.ts';
import { ClientTransaction } from './client.ts';
import type { ClientUser } from './client.ts';
import { ownBranch, serverKey } from './key.ts';
import { ServerTransaction } from './server.ts';
import { KeyedTable } from './table.ts';
import type { Timeouts } from './timeouts.ts';

/** What the transactions need from whoever owns the connections. */
export interface TransactionHost {
  /** Sends; false when the connection is gone. */
  transmit(wire: Wire, message: SipRequest | SipResponse): boolean;
  /** A response could not go back over the connection its request came by. */
  responseLost(transaction: ServerTransaction, response: SipResponse): void;
}

/** All transactions of one server, found by what a message says (RFC 3261 17.1.3 and 17.2.3). */
export class TransactionLayer {
  readonly host: TransactionHost;
  readonly timeouts: Timeouts;
  readonly #servers: KeyedTable<ServerTransaction>;
  readonly #clients: KeyedTable<ClientTransaction>;
  /** CANCELs share the branch of their INVITE. */
  readonly #cancels: KeyedTable<ClientTransaction>;
  #unfinished = 0;
  #waitingForIdle: (() => void)[] = [];

  /** `seed`: 32 random bits, so that nobody can choose keys that collide. */
  constructor(host: TransactionHost, timeouts: Timeouts, seed: number) {
    this.host = host;
    this.timeouts = timeouts;
    this.#servers = new KeyedTable(seed);
    this.#clients = new KeyedTable(seed);
    this.#cancels = new KeyedTable(seed);
  }

  /** Server transactions in progress. */
  get servers(): number {
    return this.#servers.size;
  }

  /** Client transactions in progress. */
  get clients(): number {
    return this.#clients.size + this.#cancels.size;
  }

  /** Requests that still wait for their final response. */
  get unfinished(): number {
    return this.#unfinished;
  }

  /** Resolves when no request waits any more. */
  idle(): Promise<void> {
    if (this.#unfinished === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waitingForIdle.push(resolve);
    return promise;
  }

  /** The server transaction with this key. */
  server(key: string): ServerTransaction | undefined {
    return this.#servers.get(key);
  }

  /** The request in progress that a CANCEL names (RFC 3261 9.2); it does not say of which method it is. */
  cancelled(cancel: SipRequest, wire: Wire): ServerTransaction | undefined {
    for (const method of cancellable) {
      const found = this.#servers.get(serverKey(cancel, wire.scope, method));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Begins a server transaction; the caller has looked that there is none with this key. */
  openServer(key: string, request: SipRequest, wire: Wire): ServerTransaction {
    const transaction = new ServerTransaction(this, key, request, wire);
    this.#servers.add(transaction);
    wire.serverTransactions += 1;
    this.#unfinished += 1;
    return transaction;
  }

  /** For server transactions: their final response is out, or never will be. Once each. */
  serverFinished(): void {
    this.#unfinished -= 1;
    if (this.#unfinished > 0) return;
    const waiting = this.#waitingForIdle;
    this.#waitingForIdle = [];
    for (const resolve of waiting) resolve();
  }

  /**
   * Makes a client transaction for a request whose topmost Via holds `branch`; `start` on it sends.
   */
  openClient(request: SipRequest, branch: string, wire: Wire, user: ClientUser): ClientTransaction {
    const transaction = new ClientTransaction(this, request, branch, wire, user);
    this.#clientsOf(request.method).add(transaction);
    wire.watch(transaction);
    return transaction;
  }

  /**
   * Hands a response to its client transaction; false when it has none (a stray response). Only the
   * peer that was asked may answer, on whichever of its connections.
   */
  receiveResponse(response: SipResponse, wire: Wire): boolean {
    const { branch } = response.topVia;
    if (branch === undefined) return false;
    const { method } = response.cseq;
    const clients = this.#clientsOf(method);
    const transaction = clients.get(branch) ?? clients.get(ownBranch(branch));
    if (transaction === undefined || transaction.request.method !== method) return false;
    if (!wire.mayAnswerFor(transaction.wire)) return false;
    transaction.receive(response);
    return true;
  }

  forgetServer(transaction: ServerTransaction): void {
    if (!this.#servers.delete(transaction)) return;
    this.timeouts.clear(transaction);
    transaction.finish();
    transaction.arrival.serverTransactions -= 1;
  }

  forgetClient(transaction: ClientTransaction): void {
    this.#clientsOf(transaction.request.method).delete(transaction);
    this.timeouts.clear(transaction);
    transaction.wire.unwatch(transaction);
  }

  /** Forgets every transaction without telling anybody. */
  close(): void {
    for (const transaction of this.#servers.values()) this.forgetServer(transaction);
    for (const transaction of this.#clients.values()) this.forgetClient(transaction);
    for (const transaction of this.#cancels.values()) this.forgetClient(transaction);
  }

  #clientsOf(method: string): KeyedTable<ClientTransaction> {
    return method === 'CANCEL' ? this.#cancels : this.#clients;
  }
}

/** Methods a CANCEL may meet; only INVITE, which is looked for first, takes notice of it. */
const cancellable = [
  'INVITE',
  'MESSAGE',
  'SUBSCRIBE',
  'NOTIFY',
  'REGISTER',
  'OPTIONS',
  'INFO',
  'UPDATE',
  'REFER',
  'PUBLISH',
  'PRACK',
  'BYE',
] as const;
