import {
  everyName,
  everyPort,
  everyProtocol,
  connectionStates,
  addressEnd,
  formatPrefix,
  intersectionOf,
  isEmpty,
  isWithin,
  ofFamily,
  portProtocols,
  prefixesOf,
  sameIntervals,
} from '../model.ts';
import type { Chain, IntervalSet, Match, Rule, RuleFile, RuleSet } from '../model.ts';
import { inexpressible, oneLine, reasonOf } from '../text.ts';

/** Bytes of a rule's comment the kernel keeps (NFTNL_UDATA_COMMENT_MAXLEN). */
export const commentLength = 128;

const hooks = { in: 'input', out: 'output', forward: 'forward' } as const;

/** Writes one file a device; loading it replaces the table in one transaction. */
export function render(ruleSets: readonly RuleSet[]): readonly RuleFile[] {
  return ruleSets.map(({ device, chains }) => {
    const name = `${device}.nft`;
    const names = new Map(chains.map((chain, index) => [chain.name, `c${index}`]));
    const body = chains.flatMap((chain, index) => {
      // The kernel goes through chains of one priority in an order of its own.
      const earlier = chains
        .slice(0, index)
        .filter(({ direction }) => direction === chain.direction);
      return chainLines(chain, earlier.length, names);
    });
    const content = `# Packet filter of ${oneLine(device)} (nftables 1.0.6 or later).
#
# Check:     nft -c -f ${oneLine(name)}
# Save:      { echo 'table inet usher'; echo 'delete table inet usher'; nft list table inet usher; } > before.nft
# Load:      nft -f ${oneLine(name)}        one transaction: all of it or nothing, open connections live on
# Roll back: nft -f before.nft    or, when there was no such table: nft delete table inet usher
table inet usher
delete table inet usher
table inet usher {
${body.join('\n')}
}
`;
    return { name, content };
  });
}

function chainLines(chain: Chain, place: number, names: ReadonlyMap<string, string>): string[] {
  const rules = chain.rules.flatMap((rule) => ruleLines(rule, names));
  const base =
    chain.direction === undefined
      ? []
      : [
          `type filter hook ${hooks[chain.direction]} priority ${place === 0 ? 'filter' : `filter + ${place}`}; policy ${chain.policy === 'accept' ? 'accept' : 'drop'};`,
        ];
  const refusal = chain.policy === 'reject' ? ['reject with icmpx admin-prohibited'] : [];
  const lines = [...base, ...rules, ...refusal].map((line) => `    ${line}`);
  return [`  chain ${names.get(chain.name) ?? ''} {`, ...lines, '  }'];
}

function ruleLines(rule: Rule, names: ReadonlyMap<string, string>): string[] {
  const action = actionText(rule, names);
  const comment = commentOf(rule);
  if (isEmpty(rule.match)) return [];
  const { source, destination } = rule.match;
  const whole = [source, destination].every((set) =>
    ([4, 6] as const).every((family) => full(set, family)),
  );
  const heads = whole
    ? ['']
    : ([4, 6] as const).flatMap((family) => addressText(rule.match, family));
  const tails = transportText(rule);
  return heads.flatMap((head) =>
    tails.map((tail) =>
      [head, tail, otherText(rule), 'counter', action, comment].filter(Boolean).join(' '),
    ),
  );
}

const full = (set: Match['source'], family: 4 | 6): boolean =>
  sameIntervals(ofFamily(set, family), [{ from: 0n, until: addressEnd(family) }]);

const list = (items: readonly string[]): string =>
  items.length === 1 ? (items[0] ?? '') : `{ ${items.join(', ')} }`;

/** The addresses of one family; none when the rule is not about the family. */
function addressText(match: Match, family: 4 | 6): string[] {
  const word = family === 4 ? 'ip' : 'ip6';
  const sides = (['source', 'destination'] as const).map((side) => {
    const set = ofFamily(match[side], family);
    const name = side === 'source' ? 'saddr' : 'daddr';
    if (full(match[side], family)) return '';
    return `${word} ${name} ${list(prefixesOf(family, set).map(formatPrefix))}`;
  });
  if (ofFamily(match.source, family).length === 0) return [];
  if (ofFamily(match.destination, family).length === 0) return [];
  const written = sides.filter((side) => side !== '');
  return [written.length === 0 ? `meta nfproto ipv${family}` : written.join(' ')];
}

const ranges = (set: IntervalSet<number>): string =>
  list(set.map(({ from, until }) => (until === from + 1 ? `${from}` : `${from}-${until - 1}`)));

/** Protocol and ports; ICMP types are ports of the model. */
function transportText(rule: Rule): string[] {
  const { protocol, sourcePort, destinationPort } = rule.match;
  const anyPort = sameIntervals(sourcePort, everyPort) && sameIntervals(destinationPort, everyPort);
  if (anyPort)
    return [sameIntervals(protocol, everyProtocol) ? '' : `meta l4proto ${ranges(protocol)}`];
  if (isWithin(protocol, portProtocols)) {
    const source = sameIntervals(sourcePort, everyPort) ? '' : `th sport ${ranges(sourcePort)}`;
    const destination = sameIntervals(destinationPort, everyPort)
      ? ''
      : `th dport ${ranges(destinationPort)}`;
    return [[`meta l4proto ${ranges(protocol)}`, source, destination].filter(Boolean).join(' ')];
  }
  const types = intersectionOf(destinationPort, everyPort).map(({ from, until }) => ({
    from: from / 256,
    until: until / 256,
  }));
  const [only, ...more] = protocol;
  const icmp = only?.from === 1 ? 'icmp' : only?.from === 58 ? 'icmpv6' : undefined;
  const single = more.length === 0 && only?.until === (only?.from ?? 0) + 1;
  const plain = types.every(({ from, until }) => Number.isInteger(from) && Number.isInteger(until));
  if (icmp === undefined || !single || !plain || !sameIntervals(sourcePort, everyPort)) {
    throw inexpressible(rule, 'ports of protocols that have none');
  }
  return [`${icmp} type ${ranges(types)}`];
}

function otherText(rule: Rule): string {
  const { states, inInterface, outInterface } = rule.match;
  const state = states.length === connectionStates.length ? '' : `ct state ${list(states)}`;
  return [
    interfaceText('iifname', inInterface, rule),
    interfaceText('oifname', outInterface, rule),
    state,
  ]
    .filter(Boolean)
    .join(' ');
}

function interfaceText(word: string, set: IntervalSet<string>, rule: Rule): string {
  if (sameIntervals(set, everyName)) return '';
  const names = set.map(({ from, until }) => {
    if (/["\\\n*]/u.test(from) || from === '') throw inexpressible(rule, 'this interface');
    if (until === `${from}\u0000`) return `"${from}"`;
    if (until === `${from}\uFFFF`) return `"${from}*"`;
    throw inexpressible(rule, 'every interface but some');
  });
  return `${word} ${list(names)}`;
}

function actionText(rule: Rule, names: ReadonlyMap<string, string>): string {
  if (rule.unknown !== undefined) throw inexpressible(rule, 'a rule that is not understood');
  const { action } = rule;
  if (action.kind === 'reject') return 'reject with icmpx admin-prohibited';
  if (action.kind !== 'jump' && action.kind !== 'goto') return action.kind;
  const chain = names.get(action.chain);
  if (chain === undefined)
    throw inexpressible(rule, `a jump to ${action.chain}, which is not there`);
  return `${action.kind} ${chain}`;
}

function commentOf(rule: Rule): string {
  // The kernel counts the closing NUL, too.
  const text = reasonOf(rule, commentLength - 1).replaceAll('"', "'");
  return text === '' ? '' : `comment "${text}"`;
}
