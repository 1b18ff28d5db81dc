import { formatEndpoint } from './connection.ts';
import type { Connection, Endpoint, Peer } from './connection.ts';

/** Told when the connection it waits on is gone. */
export interface WireWatcher {
  /** Where it stands among the watchers, -1 when it does not; owned by `Wire`. */
  watchIndex: number;
  /** Called once, after `Wire.closed` became true. */
  wireClosed(): void;
}

/**
 * A connection as transactions and the proxy engine see it, whatever carries it. Abstract so that
 * tests run the engine over memory.
 */
export abstract class Wire implements Connection {
  readonly id: string;
  readonly peer: Peer;
  readonly label: string;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** `address:port` of both ends, written once: every recorded message carries them. */
  readonly localText: string;
  readonly remoteText: string;
  /**
   * Whose transactions these are: a trusted server keeps its transactions when it reconnects; a
   * client is told apart from every other one, however badly both choose their branches.
   */
  readonly scope: string;
  /** Transactions in progress whose request came over this connection. */
  serverTransactions = 0;
  /** An array, not a set: see `KeyedTable`. */
  #watchers: WireWatcher[] = [];
  #closed = false;

  constructor(id: string, peer: Peer, label: string, local: Endpoint, remote: Endpoint) {
    this.id = id;
    this.peer = peer;
    this.label = label;
    this.local = local;
    this.remote = remote;
    this.localText = sharedText(local);
    this.remoteText = formatEndpoint(remote);
    this.scope = peer.kind === 'server' ? peer.fqdn : id;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Whether what arrives here may answer what was sent over `asked`: the same trusted server, on any
   * of its connections; the same client; or another connection of that client's address to the same
   * listener. Some clients (linphone, for one) hold several connections to one server and answer on
   * any of them. They still have to know the branch, which no other client behind that address does.
   */
  mayAnswerFor(asked: Wire): boolean {
    if (this.scope === asked.scope) return true;
    return (
      this.peer.kind === 'client' &&
      asked.peer.kind === 'client' &&
      this.label === asked.label &&
      this.remote.address === asked.remote.address
    );
  }

  /** True while so much is queued that new work has to go elsewhere. */
  abstract get congested(): boolean;
  abstract send(data: Uint8Array | string): boolean;
  abstract close(reason?: string): void;

  watch(watcher: WireWatcher): void {
    watcher.watchIndex = this.#watchers.length;
    this.#watchers.push(watcher);
  }

  unwatch(watcher: WireWatcher): void {
    const { watchIndex: index } = watcher;
    if (this.#watchers[index] !== watcher) return;
    watcher.watchIndex = -1;
    const last = this.#watchers.pop();
    if (last === undefined || last === watcher) return;
    // The last one takes the empty place.
    this.#watchers[index] = last;
    last.watchIndex = index;
  }

  /** Requests sent over this connection and not answered finally. */
  get watchers(): number {
    return this.#watchers.length;
  }

  /** Marks the connection closed and tells the watchers; for the carrier, once. */
  protected ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const watcher of watchers) watcher.wireClosed();
  }
}

/** The text of an end that many connections share. */
function sharedText(end: Endpoint): string {
  const known = texts.get(end) ?? formatEndpoint(end);
  texts.set(end, known);
  return known;
}

const texts = new WeakMap<Endpoint, string>();
