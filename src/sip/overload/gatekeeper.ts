import { sourceOf } from '#base';
import type { Clock, Siblings } from '#base';
import type { SipRequest } from '../message/index.ts';
import type { SipLimits } from '../transport/limits.ts';
import type { Wire } from '../transport/wire.ts';
import { Buckets } from './buckets.ts';
import { LoadMeter } from './load-meter.ts';
import { isOfDialog, saysEmergency } from './priority.ts';
import type { Priority } from './priority.ts';
import { Bucket } from './rate.ts';
import type { Rate } from './rate.ts';
import { UseExchange } from './use-exchange.ts';

/** What a gatekeeper has to know. */
export interface GatekeeperOptions {
  readonly clock: Clock;
  readonly limits: SipLimits;
  /** The other processes of the host, which the limits of a sender hold for as well. */
  readonly siblings: Siblings;
  /** 32 random bits. */
  readonly seed: number;
  /**
   * Whether this trusted server lets nobody speak through it who was not asked who they are: its
   * emergencies are believed, and its questions whether we are alive always answered. Absent: none does.
   */
  readonly vouches?: ((fqdn: string) => boolean) | undefined;
  /** Requests a trusted server may send; absent: as many as it likes. */
  readonly peerRate?: ((fqdn: string) => Rate | undefined) | undefined;
}

/** Why a request is not taken. */
export interface Turned {
  /** Stable code for the fault channel and the counters. */
  readonly code: 'too-many-transactions' | 'overload' | 'peer-rate' | 'source-rate';
  readonly message: string;
}

/** What was turned away so far, and how much there is to do. */
export type GatekeeperDump = {
  /** Average delay of the event loop; milliseconds. */
  readonly loopDelay: number;
  /** Refused because the process had too much to do. */
  readonly shed: { readonly new: number; readonly dialog: number; readonly emergency: number };
  /** Refused because the source sent too much. */
  readonly bySource: number;
  /** Refused because the trusted server sent more than its rate, by name. */
  readonly byPeer: { readonly [fqdn: string]: number };
  /** Taken for being an emergency where others were refused. */
  readonly emergencies: number;
};

interface Known {
  /** No rate of its own, and no source that is counted. */
  readonly unlimited: boolean;
  readonly vouches: boolean;
  readonly bucket: Bucket | undefined;
}

const tooManyTransactions: Turned = {
  code: 'too-many-transactions',
  message: 'A connection has too many transactions in progress',
};
const overload: Turned = { code: 'overload', message: 'There is more to do than can be done' };
const peerRate: Turned = {
  code: 'peer-rate',
  message: 'A trusted server sends more than its rate',
};
const sourceRate: Turned = { code: 'source-rate', message: 'One source sends too many requests' };

/**
 * Decides whether a new request is taken up at all, before anything is spent on it. Limits the
 * transactions of a connection, and the requests of a client's address and of a trusted server. Under
 * overload it refuses a growing share of the lowest class first, then of the next (the loss algorithm of
 * RFC 7339 7.2, at our own door). An emergency that would be refused is taken on a budget of its own.
 */
export class Gatekeeper {
  readonly #options: GatekeeperOptions;
  readonly #meter: LoadMeter;
  readonly #sources: Buckets;
  readonly #sourceUse: UseExchange;
  readonly #peerUse: UseExchange;
  readonly #emergencyBudget: Bucket;
  /** Trusted servers seen; never more than the topology has. */
  readonly #peers = new Map<string, Known>();
  readonly #shed: Record<Priority, number> = { new: 0, dialog: 0, emergency: 0 };
  /** Parts of a refusal each class is due: as exact as chance, without its luck. */
  readonly #due = { new: 0, dialog: 0 };
  #emergencies = 0;

  constructor(options: GatekeeperOptions) {
    const { clock, limits, seed, siblings } = options;
    this.#options = options;
    this.#meter = new LoadMeter(clock, limits.maxUnfinished);
    this.#sources = new Buckets(limits.sourceRate, seed, (source) => this.#sourceUse.tell(source));
    this.#sourceUse = new UseExchange(siblings, clock, 'source', (source, count) =>
      this.#sources.add(source, count, clock.now()),
    );
    this.#peerUse = new UseExchange(siblings, clock, 'peer', (fqdn, count) =>
      this.#server(fqdn).bucket?.add(count, clock.now()),
    );
    this.#emergencyBudget = new Bucket(limits.emergencyRate);
  }

  /** Begins to watch the event loop. */
  start(): void {
    this.#meter.start();
  }

  close(): void {
    this.#meter.close();
    this.#sourceUse.close();
    this.#peerUse.close();
  }

  /** Why this request is not taken while so many are unfinished; undefined when it is. */
  turnsAway(request: SipRequest, wire: Wire, unfinished: number): Turned | undefined {
    const { transactionsPerServer, transactionsPerClient } = this.#options.limits;
    const most = wire.peer.kind === 'server' ? transactionsPerServer : transactionsPerClient;
    if (wire.serverTransactions >= most) return tooManyTransactions;
    const known = this.#known(wire);
    const pressure = this.#meter.pressureOf(unfinished);
    // Most requests end here: of a trusted server without a rate, while there is room.
    if (pressure <= 1 && known.unlimited) return undefined;
    if (known.vouches && asksForLife(request)) return undefined;
    const priority = isOfDialog(request) ? 'dialog' : 'new';
    const shed = pressure > 1 && this.#sheds(priority, pressure);
    const turned = shed ? overload : this.#overRate(wire, known, priority === 'dialog');
    if (turned === undefined) return undefined;
    if (known.vouches && saysEmergency(request)) {
      if (pressure < 3 && this.#emergencyBudget.allows(this.#options.clock.now())) {
        this.#emergencies += 1;
        return undefined;
      }
      if (shed) this.#shed.emergency += 1;
    } else if (shed) {
      this.#shed[priority] += 1;
    }
    return turned;
  }

  dump(): GatekeeperDump {
    const byPeer: Record<string, number> = {};
    for (const [fqdn, { bucket }] of this.#peers) {
      if (bucket !== undefined) byPeer[fqdn] = bucket.refused;
    }
    return {
      loopDelay: Math.round(this.#meter.delay),
      shed: { ...this.#shed },
      bySource: this.#sources.refused,
      byPeer,
      emergencies: this.#emergencies,
    };
  }

  #sheds(priority: 'new' | 'dialog', pressure: number): boolean {
    const share = pressure - (priority === 'new' ? 1 : 2);
    if (share <= 0) return false;
    this.#due[priority] += Math.min(1, share);
    if (this.#due[priority] < 1) return false;
    this.#due[priority] -= 1;
    return true;
  }

  #overRate(wire: Wire, { bucket }: Known, favoured: boolean): Turned | undefined {
    if (wire.peer.kind === 'server') {
      if (bucket === undefined || bucket.allows(this.#options.clock.now(), favoured)) {
        return undefined;
      }
      return peerRate;
    }
    const source = sourceOf(wire.remote.address);
    return this.#sources.allows(source, this.#options.clock.now(), favoured)
      ? undefined
      : sourceRate;
  }

  #known({ peer }: Wire): Known {
    return peer.kind === 'client' ? stranger : this.#server(peer.fqdn);
  }

  #server(fqdn: string): Known {
    const known = this.#peers.get(fqdn);
    if (known !== undefined) return known;
    const rate = this.#options.peerRate?.(fqdn);
    const told = (): void => this.#peerUse.tell(fqdn);
    const made: Known = {
      unlimited: rate === undefined,
      vouches: this.#options.vouches?.(fqdn) ?? false,
      bucket: rate === undefined ? undefined : new Bucket(rate, told),
    };
    this.#peers.set(fqdn, made);
    return made;
  }
}

const stranger: Known = { unlimited: false, vouches: false, bucket: undefined };

/** OPTIONS to a server, no user: how balancer and neighbours learn whether we live. */
function asksForLife({ method, requestUri }: SipRequest): boolean {
  return method === 'OPTIONS' && !requestUri.includes('@');
}
