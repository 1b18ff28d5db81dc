import {
  connectionStates,
  everyName,
  everyPort,
  everyProtocol,
  formatPrefix,
  isEmpty,
  intersect,
  ofFamily,
  portProtocols,
  prefixesOf,
  protocols,
  sameAddresses,
  sameIntervals,
} from '../model.ts';
import type {
  Chain,
  Direction,
  Family,
  Interval,
  IntervalSet,
  Match,
  Rule,
  RuleFile,
  RuleSet,
} from '../model.ts';
import { packetsOf } from '../family.ts';
import { inexpressible, oneLine, reasonOf } from '../text.ts';

/** Bytes of a comment the module takes (XT_MAX_COMMENT_LEN without its closing NUL). */
export const commentLength = 255;

/** Ports one `multiport` takes (XT_MULTI_PORTS); a range counts for two. */
export const multiportSlots = 15;

/** Bytes of an interface name without the closing NUL (IFNAMSIZ). */
const interfaceLength = 15;

const hooks = { in: 'INPUT', forward: 'FORWARD', out: 'OUTPUT' } as const;
const directions: readonly Direction[] = ['in', 'forward', 'out'];

/** Writes two files a device, one for each family; loading one replaces the table filter at once. */
export function render(ruleSets: readonly RuleSet[]): readonly RuleFile[] {
  return ruleSets.flatMap((ruleSet) => [file(ruleSet, 4), file(ruleSet, 6)]);
}

function file({ device, chains }: RuleSet, family: Family): RuleFile {
  const program = family === 4 ? 'iptables' : 'ip6tables';
  const name = `${device}.v${family}.rules`;
  const own = chains.filter(({ direction }) => direction === undefined);
  const names = new Map(own.map((chain, index) => [chain.name, `c${index}`]));
  const base = directions.map((direction) => baseOf(chains, direction));
  const heads = [
    ...directions.map((direction, index) => `:${hooks[direction]} ${policyOf(base[index])} [0:0]`),
    ...names.values().map((each) => `:${each} - [0:0]`),
  ];
  const rules = [
    ...directions.flatMap((direction, index) => {
      const chain = base[index];
      if (chain === undefined) return [];
      const refusal = chain.policy === 'reject' ? [`-A ${hooks[direction]} ${refuse(family)}`] : [];
      return [...chainLines(chain, hooks[direction], family, names), ...refusal];
    }),
    ...own.flatMap((chain) => chainLines(chain, names.get(chain.name) ?? '', family, names)),
  ];
  const content = `# For ${program}-restore, in the words of ${program}-save (1.8 or later).
# Packet filter of ${oneLine(device)}, IPv${family}; the other family has a file of its own.
#
# Check:     ${program}-restore --test ${oneLine(name)}
# Save:      ${program}-save -t filter > before.v${family}
# Load:      ${program}-restore ${oneLine(name)}        all of table filter at once, open connections live on
# Roll back: ${program}-restore before.v${family}
*filter
${[...heads, ...rules].join('\n')}
COMMIT
`;
  return { name, content };
}

function baseOf(chains: readonly Chain[], direction: Direction): Chain | undefined {
  const [first, second] = chains.filter((chain) => chain.direction === direction);
  if (second === undefined) return first;
  throw inexpressible({ id: `Chain ${second.name}` }, 'a second chain of its direction');
}

const policyOf = (chain: Chain | undefined): 'ACCEPT' | 'DROP' =>
  chain?.policy === 'drop' || chain?.policy === 'reject' ? 'DROP' : 'ACCEPT';

const refuse = (family: Family): string =>
  `-j REJECT --reject-with ${family === 4 ? 'icmp-admin-prohibited' : 'icmp6-adm-prohibited'}`;

function chainLines(
  chain: Chain,
  name: string,
  family: Family,
  names: ReadonlyMap<string, string>,
): readonly string[] {
  return chain.rules.flatMap((rule) => {
    if (rule.unknown !== undefined) throw inexpressible(rule, 'a rule that is not understood');
    const match = intersect(rule.match, packetsOf(family));
    if (isEmpty(match)) return [];
    if (chain.direction === 'in' && !sameIntervals(match.outInterface, everyName)) {
      throw inexpressible(rule, 'the interface by which packets leave that end here');
    }
    if (chain.direction === 'out' && !sameIntervals(match.inInterface, everyName)) {
      throw inexpressible(rule, 'the interface by which packets came in that begin here');
    }
    const action = actionText(rule, family, names);
    const reason = reasonOf(rule, commentLength).replace(/["\\]/gu, '\\$&');
    const comment = reason === '' ? '' : `-m comment --comment "${reason}"`;
    // A rule holds one value of each field, so that every combination is a rule.
    return combinations([
      addressTexts(match, 'source', family),
      addressTexts(match, 'destination', family),
      interfaceTexts('-i', match.inInterface, rule),
      interfaceTexts('-o', match.outInterface, rule),
      transportTexts(rule, family),
      [stateText(match)],
    ]).map((parts) => [`-A ${name}`, ...parts, comment, action].filter(Boolean).join(' '));
  });
}

function combinations(fields: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return fields.reduce<readonly (readonly string[])[]>(
    (sofar, texts) => sofar.flatMap((parts) => texts.map((text) => [...parts, text])),
    [[]],
  );
}

function addressTexts(match: Match, side: 'source' | 'destination', family: Family): string[] {
  const [option, range] = side === 'source' ? ['-s', '--src-range'] : ['-d', '--dst-range'];
  if (sameAddresses(match[side], packetsOf(family)[side])) return [''];
  return ofFamily(match[side], family).map((interval) => {
    const [only, ...more] = prefixesOf(family, [interval]);
    if (only !== undefined && more.length === 0) return `${option} ${formatPrefix(only)}`;
    const first = formatPrefix({ family, value: interval.from, prefix: family === 4 ? 32 : 128 });
    const last = { family, value: interval.until - 1n, prefix: family === 4 ? 32 : 128 };
    return `-m iprange ${range} ${first}-${formatPrefix(last)}`;
  });
}

function interfaceTexts(option: string, set: IntervalSet<string>, rule: Rule): string[] {
  if (sameIntervals(set, everyName)) return [''];
  return set.map(({ from, until }) => {
    const length = new TextEncoder().encode(from).length;
    if (!/^[^\s/"'\\!+-][^\s/"'\\+]*$/u.test(from) || length > interfaceLength) {
      throw inexpressible(rule, 'this interface');
    }
    if (until === `${from}\u0000`) return `${option} ${from}`;
    if (until === `${from}\uFFFF` && length < interfaceLength) return `${option} ${from}+`;
    throw inexpressible(rule, 'every interface but some');
  });
}

/** Protocol and ports; ICMP types are ports of the model. */
function transportTexts(rule: Rule, family: Family): readonly string[] {
  const { protocol, sourcePort, destinationPort } = rule.match;
  const anySource = sameIntervals(sourcePort, everyPort);
  const anyDestination = sameIntervals(destinationPort, everyPort);
  if (sameIntervals(protocol, everyProtocol) && anySource && anyDestination) return [''];
  return protocol.flatMap(numbersIn).flatMap((number) => {
    if (number === 0) throw inexpressible(rule, 'protocol 0, which iptables takes for any');
    if (anySource && anyDestination) return [`-p ${number}`];
    if (portProtocols.some(({ from }) => from === number)) {
      return combinations([
        portTexts('--sports', sourcePort),
        portTexts('--dports', destinationPort),
      ]).map((parts) => [`-p ${number}`, ...parts].filter(Boolean).join(' '));
    }
    const icmp = number === protocols.icmp ? 4 : number === protocols.icmpv6 ? 6 : undefined;
    if (icmp === undefined || !anySource) throw inexpressible(rule, 'ports of protocols without');
    // The packets of each ICMP are of its own family.
    if (icmp !== family) return [];
    const option = family === 4 ? '--icmp-type' : '--icmpv6-type';
    const types = destinationPort.flatMap(typesIn);
    if (family === 4 && types.some((type) => /^255(?:\/|$)/u.test(type))) {
      throw inexpressible(rule, 'ICMP type 255, which iptables takes for any');
    }
    return types.map((type) => `-p ${number} ${option} ${type}`);
  });
}

const numbersIn = ({ from, until }: Interval<number>): readonly number[] =>
  Array.from({ length: until - from }, (_, index) => from + index);

/** Lists of ports, each within the slots of one multiport. */
function portTexts(option: string, set: IntervalSet<number>): readonly string[] {
  if (sameIntervals(set, everyPort)) return [''];
  const lists: string[][] = [];
  let free = 0;
  for (const { from, until } of set) {
    const slots = until === from + 1 ? 1 : 2;
    if (free < slots) {
      lists.push([]);
      free = multiportSlots;
    }
    lists.at(-1)?.push(slots === 1 ? `${from}` : `${from}:${until - 1}`);
    free -= slots;
  }
  return lists.map((list) => `-m multiport ${option} ${list.join(',')}`);
}

/** Whole types where all codes are in, single codes elsewhere. */
function typesIn({ from, until }: Interval<number>): readonly string[] {
  const types: string[] = [];
  for (let at = from; at < until;) {
    const type = Math.floor(at / 256);
    const whole = at % 256 === 0 && at + 256 <= until;
    types.push(whole ? `${type}` : `${type}/${at % 256}`);
    at += whole ? 256 : 1;
  }
  return types;
}

function stateText({ states }: Match): string {
  if (states.length === connectionStates.length) return '';
  return `-m conntrack --ctstate ${states.join(',').toUpperCase()}`;
}

function actionText(rule: Rule, family: Family, names: ReadonlyMap<string, string>): string {
  const { action } = rule;
  if (action.kind === 'reject') return refuse(family);
  if (action.kind !== 'jump' && action.kind !== 'goto') return `-j ${action.kind.toUpperCase()}`;
  const chain = names.get(action.chain);
  if (chain === undefined)
    throw inexpressible(rule, `a jump to ${action.chain}, which is not there`);
  return `${action.kind === 'jump' ? '-j' : '-g'} ${chain}`;
}
