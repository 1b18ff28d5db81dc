import type { Language } from '#base';
import type { Host } from '#topology';
import type { Flow, Leg, Plan } from '#ports';
import {
  addressesOf,
  addressesWithout,
  joinAddresses,
  noAddress,
  sameAddresses,
} from '../model/index.ts';
import type { AddressSet } from '../model/index.ts';

/** What the rules of every device are made from, looked up once for all of them. */
export interface Context {
  readonly plan: Plan;
  readonly legs: Legs;
  /** Why, by row id. */
  readonly reasons: ReadonlyMap<string, string>;
  readonly language: Language;
  /** `YYYY-MM-DD`: flows of the site that are over by then are left out; undefined: none is. */
  readonly today: string | undefined;
}

/** Where a host may open connections: one leg, or all legs of a flow to other hosts together. */
export interface Opening {
  readonly leg: Leg;
  readonly destinations: AddressSet;
}

/** What anybody may open on the inside, a host of ours may, too. */
const isForAnybody = ({ source, destination }: Flow): boolean =>
  source.role === 'any' && destination.interface !== 'external';

/** The legs of a plan by their ends, so that the rules of a host look at its own only. */
export class Legs {
  readonly #order: ReadonlyMap<string, number>;
  readonly #to: ReadonlyMap<string | undefined, readonly Leg[]>;
  readonly #from: ReadonlyMap<string | undefined, readonly Leg[]>;
  readonly #forAnybody: readonly Opening[];
  readonly #addresses = new Map<string, AddressSet>();

  constructor({ flows, legs }: Plan) {
    const anybodys = new Set(flows.filter(isForAnybody).map(({ id }) => id));
    this.#order = new Map(flows.map(({ id }, index) => [id, index]));
    this.#to = Map.groupBy(legs, ({ destination }) => destination.host);
    this.#from = Map.groupBy(legs, ({ source }) => source.host);
    const open = Map.groupBy(
      legs.filter(({ flow }) => anybodys.has(flow)),
      ({ flow }) => flow,
    );
    this.#forAnybody = [...open.values()].flatMap((own) =>
      own.slice(0, 1).map((leg) => ({
        leg,
        destinations: joinAddresses(own.map(({ destination }) => this.at(destination.address))),
      })),
    );
  }

  /** An address or network as a set, read once. */
  at(address: string): AddressSet {
    const known = this.#addresses.get(address) ?? addressesOf([address]);
    this.#addresses.set(address, known);
    return known;
  }

  /** Legs that end at a host. */
  to({ fqdn }: Host): readonly Leg[] {
    return this.#to.get(fqdn) ?? [];
  }

  /** Legs a host begins, by its own name or because anybody may, in the order of the rows. */
  from(host: Host): readonly Opening[] {
    const own = joinAddresses(host.addresses.map((address) => this.at(address)));
    const open = this.#forAnybody
      .map(({ leg, destinations }) => ({ leg, destinations: addressesWithout(destinations, own) }))
      .filter(({ destinations }) => !sameAddresses(destinations, noAddress));
    const named = (this.#from.get(host.fqdn) ?? []).map((leg) => ({
      leg,
      destinations: this.at(leg.destination.address),
    }));
    const place = ({ leg }: Opening): number => this.#order.get(leg.flow) ?? 0;
    return [...named, ...open].toSorted((a, b) => place(a) - place(b));
  }
}
