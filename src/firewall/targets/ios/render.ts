import { formatAddress } from '#topology';
import type { Network } from '#topology';
import { intersect, isEmpty, protocols, isWithin, exactly } from '../model.ts';
import type { Chain, Family, RenderOptions, Rule, RuleFile, RuleSet } from '../model.ts';
import { remarksOf } from '../cisco/remarks.ts';
import { packetsOf } from '../family.ts';
import { digestOf } from '../names.ts';
import { finalRule } from '../policies.ts';
import { icmpOf, isIcmp, servicesOf } from '../services.ts';
import type { Service } from '../services.ts';
import { blocksOf, isHost, refuseInterfaces, wildcardOf } from '../sides.ts';
import { passageOf } from '../stateful.ts';
import { isOfErrors, stateless } from '../stateless.ts';
import { inexpressible, oneLine } from '../text.ts';

/** Writes one configuration a router, with an access list for each family. */
export function render(
  ruleSets: readonly RuleSet[],
  { logDenied = true }: RenderOptions,
): readonly RuleFile[] {
  return ruleSets.map((ruleSet) => {
    const { device } = ruleSet;
    passageOf(ruleSet);
    const chain = passageOf(stateless(ruleSet));
    const lists = ([4, 6] as const).map((family) => listOf(chain, family, logDenied));
    const [four = '', six = ''] = lists.map(({ name }) => name);
    const name = `${device}.ios.cfg`;
    const lines = lists.flatMap(({ head, entries }) => [head, ...entries, '!']);
    return { name, content: `${head(device, name, four, six)}${lines.join('\n')}\nend\n` };
  });
}

const head = (device: string, name: string, four: string, six: string): string =>
  `! Access lists of ${oneLine(device)} for Cisco IOS and IOS-XE, one for each family.
!
! A router's access list has no memory, so the replies of each row have lines of their own
! ("/answer"). A list sees what is meant for the router itself, too: let in by lines of your own
! what it needs (SSH, routing protocols), before these. Lists are named by their content.
!
! Load:      copy tftp://SERVER/${oneLine(name)} running-config
!            then, on every routed interface:
!              interface NAME
!               ip access-group ${four} in
!               ipv6 traffic-filter ${six} in
! Roll back: the same lines with the names that show running-config had before
!
`;

interface AccessList {
  readonly name: string;
  readonly head: string;
  readonly entries: readonly string[];
}

function listOf(chain: Chain, family: Family, logDenied: boolean): AccessList {
  const policy = chain.policy ?? 'accept';
  if (policy === 'reject') throw inexpressible({ id: `Chain ${chain.name}` }, 'an answer');
  const log = policy === 'drop' && logDenied ? ' log' : '';
  const rest = entriesOf(finalRule(policy), family);
  const entries = [
    // Without these, the last line would take from an IPv6 router its neighbours (RFC 4861).
    ...(family === 6 && policy === 'drop'
      ? ['remark neighbours', 'permit icmp any any nd-na', 'permit icmp any any nd-ns']
      : []),
    ...chain.rules.flatMap((rule) => entriesOf(rule, family)),
    ...rest.map((entry) => (entry.startsWith('remark') ? entry : entry + log)),
  ].map((entry) => ` ${entry}`);
  const name = `usher${family}-${digestOf(entries.join('\n'))}`;
  const kind = family === 4 ? 'ip access-list extended' : 'ipv6 access-list';
  return { name, head: `${kind} ${name}`, entries };
}

/** A line holds one value of each field, so that every combination is a line. */
function entriesOf(rule: Rule, family: Family): readonly string[] {
  const match = intersect(rule.match, packetsOf(family));
  if (isEmpty(match)) return [];
  refuseInterfaces(rule);
  const verdict = rule.action.kind === 'accept' ? 'permit' : 'deny';
  // Packets that open no connection: of TCP by their flags, errors by what they are.
  const begun = !match.states.includes('new') && !isOfErrors(match);
  if (begun && !isWithin(match.protocol, exactly(protocols.tcp))) {
    throw inexpressible(rule, 'replies of protocols whose packets do not say that they are');
  }
  const sides = (side: 'source' | 'destination'): readonly string[] =>
    blocksOf(match[side], family)?.map(blockText) ?? ['any'];
  const lines = servicesOf({ ...rule, match }).flatMap((service) => {
    const text = serviceText(service, family, rule);
    if (text === undefined) return [];
    const [protocol, sourcePort, destinationPort] = text;
    return sides('source').flatMap((source) =>
      sides('destination').map((destination) =>
        [
          verdict,
          protocol,
          source,
          sourcePort,
          destination,
          destinationPort,
          begun ? 'established' : '',
        ]
          .filter((word) => word !== '')
          .join(' '),
      ),
    );
  });
  return lines.length === 0 ? [] : [...remarksOf(rule).map((text) => `remark ${text}`), ...lines];
}

function blockText(block: Network): string {
  const address = formatAddress(block);
  if (isHost(block)) return `host ${address}`;
  return block.family === 4 ? `${address} ${wildcardOf(block)}` : `${address}/${block.prefix}`;
}

const protocolWords: ReadonlyMap<number, string> = new Map([
  [protocols.tcp, 'tcp'],
  [protocols.udp, 'udp'],
]);

/** Protocol and ports; undefined for the ICMP of the other family. */
function serviceText(
  { protocol, sourcePort, destinationPort }: Service,
  family: Family,
  rule: Rule,
): readonly [string, string, string] | undefined {
  if (protocol === undefined) return [family === 4 ? 'ip' : 'ipv6', '', ''];
  if (isIcmp(protocol)) {
    const own = protocol === (family === 4 ? protocols.icmp : protocols.icmpv6);
    if (destinationPort === undefined) return [own ? 'icmp' : `${protocol}`, '', ''];
    if (!own) return undefined;
    const { type, code } = icmpOf(destinationPort);
    return ['icmp', '', code === undefined ? `${type}` : `${type} ${code}`];
  }
  const word = protocolWords.get(protocol);
  if (word === undefined && (sourcePort !== undefined || destinationPort !== undefined)) {
    throw inexpressible(rule, `ports of protocol ${protocol}`);
  }
  return [word ?? `${protocol}`, portText(sourcePort), portText(destinationPort)];
}

function portText(range: Service['sourcePort']): string {
  if (range === undefined) return '';
  const { from, until } = range;
  return until === from + 1 ? `eq ${from}` : `range ${from} ${until - 1}`;
}
