import { formatPrefix } from '../model.ts';
import { everyProtocol, intersect, isEmpty, protocols, sameIntervals } from '../model.ts';
import type {
  Chain,
  Direction,
  Family,
  RenderOptions,
  Rule,
  RuleFile,
  RuleSet,
  Verdict,
} from '../model.ts';
import { packetsOf } from '../family.ts';
import { digestOf, protocolWords } from '../names.ts';
import { finalRule } from '../policies.ts';
import { icmpOf, isIcmp, rangeText, servicesOf } from '../services.ts';
import type { Service } from '../services.ts';
import { blocksOf, hasFamily, isWhole, refuseInterfaces } from '../sides.ts';
import { hostChainsOf, isOfConnections, passageOf, verdictOf, writtenRules } from '../stateful.ts';
import { asciiOf, inexpressible, oneLine, reasonOf } from '../text.ts';
import { limits } from './limits.ts';

/** Tables by their lines; the same addresses are the same table. */
type Tables = Map<string, string>;

/** Writes one file a device; loading it replaces all rules at once. */
export function render(
  ruleSets: readonly RuleSet[],
  { logDenied = true }: RenderOptions,
): readonly RuleFile[] {
  return ruleSets.map((ruleSet) => {
    const { device, zones } = ruleSet;
    const tables: Tables = new Map();
    const between =
      zones.length > 0 || ruleSet.chains.every((each) => each.direction === 'forward');
    const lines = between
      ? betweenZones(passageOf(ruleSet), tables, logDenied)
      : hostChainsOf(ruleSet).flatMap((chain) => chainLines(chain, tables, logDenied));
    const name = `${device}.pf.conf`;
    const skip = between ? [] : ['set skip on lo'];
    const all = [...skip, ...tables.values(), ...lines];
    return { name, content: `${head(device, name)}${all.join('\n')}\n` };
  });
}

const head = (device: string, name: string): string =>
  `# Packet filter of ${oneLine(device)}: pf.conf for OpenBSD, FreeBSD and macOS.
#
# Every rule is quick: the first that matches decides. Replies pass by the state their connection has.
#
# Check:     pfctl -nf ${oneLine(name)}
# Save:      cp /etc/pf.conf before.conf
# Load:      pfctl -f ${oneLine(name)}        all of it at once, open connections live on
# Roll back: pfctl -f before.conf

`;

/** A host passes nothing on. */
const notOurs: readonly string[] = [
  '# What is not addressed to this host.',
  'block drop in quick from any to ! (self)',
];

/**
 * A packet on its way through is asked twice, coming in and going out: once is enough. What is for the
 * firewall itself is not decided here.
 */
function betweenZones(chain: Chain, tables: Tables, logDenied: boolean): readonly string[] {
  return [
    '# What is addressed to this firewall itself, or comes from it, has no row.',
    'pass in quick from any to (self) flags any keep state',
    'pass out quick all flags any keep state',
    ...chainLines(chain, tables, logDenied),
  ];
}

function chainLines(chain: Chain, tables: Tables, logDenied: boolean): readonly string[] {
  const { direction = 'in', policy = 'accept' } = chain;
  const rules = writtenRules(chain);
  const first = rules.findIndex(isOfConnections);
  // Neighbours call all hosts of the link, before what is not addressed to this one is dropped.
  const link = rules.slice(0, first < 0 ? rules.length : first);
  const own = [
    ...link.flatMap((rule) => ruleLines(rule, direction, tables)),
    ...(direction === 'in' ? notOurs : []),
    ...rules.slice(link.length).flatMap((rule) => ruleLines(rule, direction, tables)),
  ];
  const log = logDenied && policy !== 'accept' ? ' log' : '';
  const open = policy === 'accept' ? ' flags any keep state' : '';
  const way = direction === 'out' ? 'out' : 'in';
  const last = `${verdicts[policy]} ${way}${log} quick all${open}`;
  return [...own, commentOf(finalRule(policy)), last];
}

const verdicts: Readonly<Record<Verdict, string>> = {
  accept: 'pass',
  drop: 'block drop',
  reject: 'block return',
};

const commentOf = (rule: Pick<Rule, 'id' | 'comment'>): string =>
  `# ${reasonOf(rule, 1000).replace(/\\$/u, '/')}`.trimEnd();

function ruleLines(rule: Rule, direction: Direction, tables: Tables): readonly string[] {
  if (isEmpty(rule.match)) return [];
  refuseInterfaces(rule);
  const states = isOfConnections(rule) ? ' keep state' : linkOnly(rule);
  const verdict = isOfConnections(rule)
    ? verdictOf(rule, ['accept', 'drop', 'reject'])
    : ('accept' as const);
  const start = `${verdicts[verdict]} ${direction === 'out' ? 'out' : 'in'} quick`;
  const lines = familiesOf(rule).flatMap((family) =>
    servicesOf(rule).flatMap((service): string[] => {
      const text = serviceText(service, family, rule);
      if (text === undefined) return [];
      const [protocol, from, to, type] = text;
      const sides =
        family === undefined
          ? from + to === ''
            ? 'all'
            : `from any${from} to any${to}`
          : `from ${sideText(rule, 'source', family, tables)}${from} to ${sideText(rule, 'destination', family, tables)}${to}`;
      const kept = verdict === 'accept' ? states : '';
      const flags = verdict === 'accept' && isTcp(service) && kept !== '' ? ' flags S/SA' : '';
      const word = family === undefined ? '' : family === 4 ? ' inet' : ' inet6';
      return [`${start}${word}${protocol} ${sides}${type}${flags}${kept}${labelText(rule)}`];
    }),
  );
  return lines.length === 0 ? [] : [commentOf(rule), ...lines];
}

const isTcp = ({ protocol }: Service): boolean => protocol === protocols.tcp;

/** Families a rule has to be written for; undefined when it is about every address of both. */
function familiesOf({ match }: Rule): readonly (Family | undefined)[] {
  const whole = ([4, 6] as const).every(
    (family) => isWhole(match.source, family) && isWhole(match.destination, family),
  );
  const icmp = match.protocol.some(({ from }) => isIcmp(from));
  if (whole && (!icmp || sameIntervals(match.protocol, everyProtocol))) return [undefined];
  return ([4, 6] as const).filter((family) => hasFamily(match, family));
}

/** Neighbour discovery keeps no state, nor do other packets that belong to no connection. */
function linkOnly(rule: Rule): string {
  const { states } = rule.match;
  const icmp = servicesOf(rule).every(({ protocol }) => protocol === protocols.icmpv6);
  if (states.length === 1 && states[0] === 'untracked' && icmp) return ' no state';
  throw inexpressible(rule, 'packets of no connection');
}

function sideText(
  { match }: Rule,
  side: 'source' | 'destination',
  family: Family,
  tables: Tables,
): string {
  const own = intersect(match, packetsOf(family));
  const blocks = blocksOf(own[side], family)?.map(formatPrefix);
  if (blocks === undefined) return 'any';
  const [only = 'any', ...more] = blocks;
  if (more.length === 0) return only;
  if (blocks.length <= limits.addressesOfAList) return `{ ${blocks.join(' ')} }`;
  const name = `usher_${digestOf(blocks.join('\n'))}`;
  tables.set(name, `table <${name}> const { ${blocks.join(' ')} }`);
  return `<${name}>`;
}

/** Protocol, ports and type; undefined for the ICMP of the other family. */
function serviceText(
  { protocol, sourcePort, destinationPort }: Service,
  family: Family | undefined,
  rule: Rule,
): readonly [string, string, string, string] | undefined {
  if (protocol === undefined) return ['', '', '', ''];
  const word = ` proto ${protocolWords.get(protocol) ?? protocol}`;
  if (isIcmp(protocol)) {
    const own = protocol === protocols.icmp ? 4 : 6;
    if (family !== undefined && family !== own) return undefined;
    if (destinationPort === undefined) return [word, '', '', ''];
    const { type, code } = icmpOf(destinationPort);
    const key = own === 4 ? 'icmp-type' : 'icmp6-type';
    return [word, '', '', ` ${key} ${type}${code === undefined ? '' : ` code ${code}`}`];
  }
  const ported = sourcePort !== undefined || destinationPort !== undefined;
  if (ported && protocol !== protocols.tcp && protocol !== protocols.udp) {
    throw inexpressible(rule, `ports of protocol ${protocol}`);
  }
  return [word, portText(sourcePort), portText(destinationPort), ''];
}

const portText = (range: Service['sourcePort']): string =>
  range === undefined ? '' : ` port ${rangeText(range, ':')}`;

/** A label may hold words that pf puts values in for; they begin with a sign that is left out. */
function labelText({ id }: Rule): string {
  const label = asciiOf(id)
    .replace(/[$"\\]/gu, '.')
    .slice(0, limits.labelLength);
  return label === '' ? '' : ` label "${label}"`;
}
