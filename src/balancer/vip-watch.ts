import { networkInterfaces } from 'node:os';
import { type Cancel, type Clock, channel } from '#base';
import { formatAddress, parseAddress } from '#topology';

/** The VIPs of a pair came to this machine, or left it. */
export interface VipMove {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** FQDN of the balancer, and of the other one of its pair. */
  readonly balancer: string;
  readonly partner: string;
  readonly vip: 'here' | 'elsewhere';
}

/** Every move of the VIPs of a pair, as the machine sees it. */
export const vipMoves = channel<VipMove>('usher:balancer:vip');

/** Milliseconds between two looks at the addresses of the machine. */
const pause = 500;

/** Looks again and again whether the VIPs are addresses of this machine; keepalived moves them. */
export class VipWatch {
  readonly #vips: readonly string[];
  readonly #clock: Clock;
  readonly #moved: (here: boolean) => void;
  readonly #addresses: () => ReadonlySet<string>;
  #here = false;
  #since: number;
  #cancel: Cancel = () => undefined;
  readonly #waiting = new Set<() => void>();

  /** `moved` is called after a move, not for what is found at first. */
  constructor(
    vips: Iterable<string>,
    clock: Clock,
    moved: (here: boolean) => void,
    addresses = addressesOfMachine,
  ) {
    this.#vips = [...vips];
    this.#clock = clock;
    this.#moved = moved;
    this.#addresses = addresses;
    this.#since = clock.now();
  }

  /** True while every VIP is here. */
  get here(): boolean {
    return this.#here;
  }

  /** Since when, milliseconds since the epoch. */
  get since(): number {
    return this.#since;
  }

  start(): void {
    this.#here = this.#isHere();
    this.#plan();
  }

  #plan(): void {
    this.#cancel = this.#clock.after(pause, () => {
      const here = this.#isHere();
      if (here !== this.#here) {
        this.#here = here;
        this.#since = this.#clock.now();
        this.#moved(here);
        for (const tell of this.#waiting) tell();
      }
      this.#plan();
    });
  }

  #isHere(): boolean {
    const own = this.#addresses();
    return this.#vips.every((vip) => own.has(vip));
  }

  /** Resolves when the VIPs are elsewhere, or after `limit` milliseconds. */
  async gone(limit: number): Promise<void> {
    if (!this.#here) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.after(limit, resolve);
    this.#waiting.add(resolve);
    await promise;
    this.#waiting.delete(resolve);
    cancel();
  }

  close(): void {
    this.#cancel();
    for (const tell of this.#waiting) tell();
  }
}

/** The addresses of all interfaces that are up, as the topology writes them. */
function addressesOfMachine(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return new Set(
    all.flatMap(({ address }) => {
      const parsed = parseAddress(address);
      return parsed === undefined ? [] : [formatAddress(parsed)];
    }),
  );
}
