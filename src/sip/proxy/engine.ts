import type { Clock } from '#base';
import type { TransactionLayer } from '../transaction/layer.ts';
import type { SipLimits } from '../transport/limits.ts';
import type { Wire } from '../transport/wire.ts';
import type { Destination, SipHop } from './model.ts';

/** Opens and keeps connections to hops. */
export interface Dialler {
  /** The open connection to this hop, if there is one. */
  ready(hop: SipHop): Wire | undefined;
  /** Opens one; callers that ask at the same time get the same. Rejects with the reason. */
  connect(hop: SipHop): Promise<Wire>;
  /** The hop failed a moment ago. */
  isDown(hop: SipHop): boolean;
  /** The hop took a request and said nothing for so long that the next one was asked. */
  silent(hop: SipHop): void;
}

/** What branches and response contexts use of the server they run in. */
export interface Engine {
  readonly layer: TransactionLayer;
  readonly clock: Clock;
  readonly limits: SipLimits;
  readonly dialler: Dialler;
  /** The open connection with this id; a promise when another process of the host may have it. */
  connection(id: string): Wire | Promise<Wire | undefined> | undefined;
  /** Our Via for a connection with this label. */
  via(label: string, branch: string): string;
  newBranch(mark: string): string;
  /** Counts a fault and tells the fault channel. */
  report(
    code: string,
    message: string,
    more?: { callId?: string; cause?: unknown; wire?: Wire },
  ): void;
}

/** How to reach the next element, one way after the other. */
export class Way {
  readonly #engine: Engine;
  readonly #id: string | undefined;
  readonly #hops: readonly SipHop[];
  #at = 0;

  constructor(engine: Engine, destination: Destination) {
    this.#engine = engine;
    this.#id = destination.kind === 'connection' ? destination.id : undefined;
    this.#hops = destination.kind === 'hops' ? preferLiving(destination.hops, engine.dialler) : [];
  }

  /** An open connection now, a promise of one, or undefined when there is no way. */
  open(): Wire | Promise<Wire | undefined> | undefined {
    if (this.#id !== undefined) return this.#engine.connection(this.#id);
    const hop = this.#hops[this.#at];
    if (hop === undefined) return undefined;
    return this.#engine.dialler.ready(hop) ?? this.#engine.dialler.connect(hop);
  }

  /** There is a hop to turn to. */
  get hasNext(): boolean {
    return this.#at + 1 < this.#hops.length;
  }

  /** Turns to the next hop; false when there is none. */
  next(): boolean {
    if (!this.hasNext) return false;
    this.#at += 1;
    return true;
  }

  /** Turns from a hop that says nothing to the next, so that others ask it last for a while. */
  leaveSilent(): void {
    const hop = this.#hops[this.#at];
    if (hop !== undefined) this.#engine.dialler.silent(hop);
    this.next();
  }

  /** Opening once more may help: a hop can be dialled again, a client's connection cannot. */
  get canRedial(): boolean {
    return this.#hops.length > 0;
  }
}

/** Hops in their order, those that failed a moment ago last. */
function preferLiving(hops: readonly SipHop[], dialler: Dialler): readonly SipHop[] {
  if (hops.length < 2 || !hops.some((hop) => dialler.isDown(hop))) return hops;
  return [
    ...hops.filter((hop) => !dialler.isDown(hop)),
    ...hops.filter((hop) => dialler.isDown(hop)),
  ];
}

/** The dialler has reported why there is no connection. */
export function nobody(): undefined {
  return undefined;
}
