import { parseAddresses } from '../model.ts';
import type { Endpoint, Family } from '../model.ts';
import type { SavedOption, SavedRule } from './parse.ts';

/** A range of more addresses than this is no list of members. */
const most = 64n;

/** `10.0.9.11`, `10.0.9.11:5061`, `10.0.9.11-10.0.9.14`; IPv6 with a port in brackets. */
function endpointsIn(text: string, family: Family): readonly Endpoint[] | 'unknown' {
  const form = family === 4 ? /^([^:]+)(?::(\d{1,5}))?$/u : /^\[?([^[\]]+)(?:\](?::(\d{1,5}))?)?$/u;
  const [, address = '', port] = form.exec(text) ?? [];
  const set = parseAddresses(address);
  const intervals = (family === 4 ? set?.v4 : set?.v6) ?? [];
  const count = intervals.reduce((sum, { from, until }) => sum + until - from, 0n);
  if (count === 0n || count > most) return 'unknown';
  return intervals.flatMap(({ from, until }) =>
    Array.from({ length: Number(until - from) }, (_, index) => ({
      family,
      address: from + BigInt(index),
      ...(port === undefined ? {} : { port: Number(port) }),
    })),
  );
}

/** What tells a target its endpoints; undefined for those that find them by themselves. */
const toldBy: ReadonlyMap<string, string | undefined> = new Map([
  ['DNAT', '--to-destination'],
  ['SNAT', '--to-source'],
  ['MASQUERADE', undefined],
  ['REDIRECT', undefined],
  ['NETMAP', undefined],
]);

/** What a target puts in the place of an address; undefined when it translates none. */
export function endpointsOf(
  target: string,
  { options }: SavedRule,
  family: Family,
): readonly Endpoint[] | 'unknown' | undefined {
  if (!toldBy.has(target)) return undefined;
  const told = options.find(({ name }) => name === toldBy.get(target))?.values[0];
  return told === undefined ? 'unknown' : endpointsIn(told, family);
}

/** What conntrack says of a packet as it came, as the option that says it of the packet itself. */
const original: ReadonlyMap<string, string> = new Map([
  ['--ctorigsrc', '-s'],
  ['--ctorigdst', '-d'],
  ['--ctorigsrcport', '--sport'],
  ['--ctorigdstport', '--dport'],
  ['--ctproto', '-p'],
]);

const aboutDestination =
  /^(?:-d|--dst|--destination|--dst-range|--(?:dports?|destination-ports?))$/u;

/**
 * A rule of source NAT as one about the packet as it came. What it says of the destination itself is about another
 * one where that was translated before: undefined.
 */
export function asItCame(rule: SavedRule): SavedRule | undefined {
  if (rule.options.some(({ name }) => aboutDestination.test(name))) return undefined;
  const options = rule.options.flatMap((option): SavedOption[] => {
    const { name, negated, values } = option;
    if (name === '--ctstate' && !negated && values.join() === 'DNAT') return [];
    return [{ ...option, name: original.get(name) ?? name }];
  });
  return { ...rule, options };
}
