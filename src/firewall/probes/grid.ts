import { formatAddress } from '#topology';
import {
  commonAddresses,
  holds,
  inFamily,
  joinAddresses,
  ofFamily,
  parseAddresses,
  protocols,
  unfold,
} from '../model/index.ts';
import type {
  AddressSet,
  Direction,
  Family,
  FlatRule,
  IntervalSet,
  RuleSet,
} from '../model/index.ts';

/** A packet that opens a connection, as a prober can send it. */
export interface Probe {
  readonly source: string;
  readonly destination: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

/** What a rule set says of a probe: the rule that decides, undefined for a chain's policy. */
export interface Decision {
  readonly admitted: boolean;
  readonly rule: FlatRule['rule'];
}

/** Addresses a host can have and send from: none of this network, loopback, the link, multicast. */
const unicast: AddressSet = joinAddresses(
  [
    '1.0.0.0-126.255.255.255',
    '128.0.0.0-169.253.255.255',
    '169.255.0.0-223.255.255.255',
    '2000::/3',
    'fc00::/7',
  ].flatMap((text) => parseAddresses(text) ?? []),
);

/** Ports that can be asked for; 0 cannot. */
const askable: IntervalSet<number> = [{ from: 1, until: 65_536 }];

/** A port no rule is likely to ask for as source, beyond those of a proof: what it is does not matter. */
const someSourcePort = 24_000;

/** Both ends of every part of a set into which these borders cut it. */
function ends<N extends bigint | number>(
  set: IntervalSet<N>,
  borders: Iterable<N>,
  before: (value: N) => N,
): readonly N[] {
  const cuts = [...new Set(borders)].toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const found = new Set<N>();
  for (const { from, until } of set) {
    found.add(from).add(before(until));
    for (const cut of cuts) {
      if (cut <= from || cut >= until) continue;
      found.add(cut).add(before(cut));
    }
  }
  return [...found];
}

const addressEnds = (
  allowed: AddressSet,
  lists: readonly (readonly FlatRule[])[],
  side: 'source' | 'destination',
): readonly { readonly family: Family; readonly value: bigint }[] =>
  ([4, 6] as const).flatMap((family) => {
    const borders = lists.flatMap((rules) =>
      rules.flatMap(({ match }) =>
        ofFamily(match[side], family).flatMap(({ from, until }) => [from, until]),
      ),
    );
    const set = ofFamily(commonAddresses(allowed, unicast), family);
    return ends(set, borders, (value) => value - 1n).map((value) => ({ family, value }));
  });

/**
 * Every packet class of two rule sets for one direction, each with its corners: wherever a rule of either
 * begins or ends, in source, destination or port, the packets on both sides of that border. Two
 * sets that treat some connection differently treat one of these differently, as long as their rules look at
 * nothing but addresses, protocol, destination port and whether a connection is new.
 */
export class ProbeGrid {
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
  readonly ports: readonly number[];
  readonly #asked: readonly FlatRule[];
  readonly #inForce: readonly FlatRule[];

  /**
   * @param asked the rules that follow from the port table
   * @param inForce those on the device; the same once more when nobody can read them
   * @param from sources that can be played
   * @param to destinations that can be reached
   * @throws UsherError `USHER_RULES_UNFOLDABLE`
   */
  constructor(
    asked: RuleSet,
    inForce: RuleSet,
    direction: Direction,
    { from, to }: { readonly from: AddressSet; readonly to: AddressSet },
  ) {
    this.#asked = unfold(asked, direction);
    this.#inForce = unfold(inForce, direction);
    const lists = [this.#asked, this.#inForce];
    this.sources = addressEnds(from, lists, 'source').map(formatAddress);
    this.destinations = addressEnds(to, lists, 'destination').map(formatAddress);
    const borders = lists.flatMap((rules) =>
      rules.flatMap(({ match }) =>
        match.destinationPort.flatMap(({ from: low, until }) => [low, until]),
      ),
    );
    this.ports = ends(askable, borders, (value) => value - 1);
  }

  /** What the port table says of a probe. */
  asked(probe: Probe): Decision {
    return decide(this.#asked, probe);
  }

  /** What the rules in force say of it, as they are read. */
  inForce(probe: Probe): Decision {
    return decide(this.#inForce, probe);
  }

  /** All of them; a source never asks itself, nor one family the other. */
  *probes(): Iterable<Probe> {
    for (const protocol of ['tcp', 'udp'] as const) {
      for (const source of this.sources) {
        for (const destination of this.destinations) {
          if (source === destination || source.includes(':') !== destination.includes(':'))
            continue;
          for (const port of this.ports) yield { source, destination, protocol, port };
        }
      }
    }
  }
}

/** The rule of a flat list that decides a probe. */
export function decide(rules: readonly FlatRule[], probe: Probe): Decision {
  const source = parseOne(probe.source);
  const destination = parseOne(probe.destination);
  const protocol = protocols[probe.protocol];
  const found = rules.find(
    ({ match, certain }) =>
      certain &&
      holds(match.protocol, protocol) &&
      holds(match.destinationPort, probe.port) &&
      holds(match.sourcePort, someSourcePort) &&
      match.states.includes('new') &&
      // No probe arrives by an interface rules name: those name `lo`.
      holds(match.inInterface, '') &&
      holds(match.outInterface, '') &&
      covers(match.source, source) &&
      covers(match.destination, destination),
  );
  return { admitted: found === undefined || found.verdict === 'accept', rule: found?.rule };
}

interface One {
  readonly family: Family;
  readonly value: bigint;
}

const known = new Map<string, One>();

/** Addresses of probes come by the ten thousand and are few. */
function parseOne(text: string): One {
  const before = known.get(text);
  if (before !== undefined) return before;
  const set = parseAddresses(text) ?? inFamily(4, []);
  const family: Family = set.v4.length > 0 ? 4 : 6;
  const one = { family, value: ofFamily(set, family)[0]?.from ?? 0n };
  known.set(text, one);
  return one;
}

const covers = (set: AddressSet, { family, value }: One): boolean =>
  holds(ofFamily(set, family), value);
