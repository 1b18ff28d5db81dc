import { formatAddress } from '#topology';
import type { Network } from '#topology';
import { isEmpty } from '../model.ts';
import type { RenderOptions, Rule, RuleFile, RuleSet } from '../model.ts';
import { remarksOf } from '../cisco/remarks.ts';
import { chunksOf, digestOf, protocolWords } from '../names.ts';
import { finalRule } from '../policies.ts';
import { icmpOf, isIcmp, servicesOf } from '../services.ts';
import type { Service } from '../services.ts';
import { isHost, maskOf, refuseInterfaces, sidesOf } from '../sides.ts';
import { passageOf, verdictOf, writtenRules } from '../stateful.ts';
import { inexpressible, oneLine } from '../text.ts';
import { limits } from './limits.ts';

/** Object groups of an access list, by their lines; the same members are the same group. */
type Groups = Map<string, readonly string[]>;

/** Writes one configuration a firewall; the last line puts it in force at once. */
export function render(
  ruleSets: readonly RuleSet[],
  { logDenied = true }: RenderOptions,
): readonly RuleFile[] {
  return ruleSets.map((ruleSet) => {
    const { device } = ruleSet;
    const chain = passageOf(ruleSet);
    const groups: Groups = new Map();
    const policy = chain.policy ?? 'accept';
    const log = policy === 'accept' || !logDenied ? '' : ' log';
    const entries = [
      ...writtenRules(chain).flatMap((rule) => entriesOf(rule, groups)),
      ...entriesOf(finalRule(policy), groups).map((line) =>
        line.startsWith('remark') ? line : line + log,
      ),
    ];
    const list = `usher-${digestOf(entries.join('\n'))}`;
    const lines = [
      ...[...groups].flatMap(([name, members]) => [`object-group network ${name}`, ...members]),
      ...entries.map((entry) => `access-list ${list} ${entry}`),
      `access-group ${list} global`,
    ];
    const name = `${device}.asa.cfg`;
    return { name, content: `${head(device, name, list)}${lines.join('\n')}\n` };
  });
}

const head = (device: string, name: string, list: string): string =>
  `! Access list of ${oneLine(device)} for Cisco ASA 9.0 or later, both families.
!
! The list is named by its content: what is in force stays so until the last line replaces it at
! once, and open connections live on. An interface that has a list of its own asks that one first.
!
! Save:      show running-config access-group
! Load:      copy tftp://SERVER/${oneLine(name)} running-config
! Roll back: access-group OLD global     the list that was in force before
! Tidy up:   clear configure access-list OLD; show access-list ${list} counts hits
`;

function entriesOf(rule: Rule, groups: Groups): readonly string[] {
  if (isEmpty(rule.match)) return [];
  refuseInterfaces(rule);
  const verdict = verdictOf(rule, ['accept', 'drop']) === 'accept' ? 'permit' : 'deny';
  const { source, destination } = sidesOf(rule.match);
  const from = sideText(source, groups);
  const to = sideText(destination, groups);
  return [
    ...remarksOf(rule).map((text) => `remark ${text}`),
    ...servicesOf(rule).map((service) => {
      const [protocol, sourcePort, destinationPort] = serviceText(service, rule);
      const words = ['extended', verdict, protocol, from, sourcePort, to, destinationPort];
      return words.filter((word) => word !== '').join(' ');
    }),
  ];
}

function sideText(blocks: readonly Network[] | undefined, groups: Groups): string {
  if (blocks === undefined) return 'any';
  const [only, ...more] = blocks;
  if (only !== undefined && more.length === 0) return blockText(only);
  return `object-group ${groupOf(blocks, groups)}`;
}

function blockText(block: Network): string {
  const { family, prefix } = block;
  if (prefix === 0) return family === 4 ? 'any4' : 'any6';
  if (isHost(block)) return `host ${formatAddress(block)}`;
  return family === 4
    ? `${formatAddress(block)} ${maskOf(block)}`
    : `${formatAddress(block)}/${prefix}`;
}

/** The group of some blocks, made of groups when they are many. */
function groupOf(blocks: readonly Network[], groups: Groups): string {
  const [piece = [], ...others] = chunksOf(blocks, limits.membersOfAGroup);
  const members =
    others.length === 0
      ? piece.map((block) => ` network-object ${memberText(block)}`)
      : [piece, ...others].map((each) => ` group-object ${groupOf(each, groups)}`);
  const name = `usher-${digestOf(members.join('\n'))}`;
  groups.set(name, members);
  return name;
}

const memberText = (block: Network): string =>
  block.prefix > 0 ? blockText(block) : block.family === 4 ? '0.0.0.0 0.0.0.0' : '::/0';

/** Protocol, source port and destination port; a type of ICMP stands where the port does. */
function serviceText(service: Service, rule: Rule): readonly [string, string, string] {
  const { protocol, sourcePort, destinationPort } = service;
  if (protocol === undefined) return ['ip', '', ''];
  const word = protocolWords.get(protocol) ?? `${protocol}`;
  if (isIcmp(protocol)) {
    if (destinationPort === undefined) return [word, '', ''];
    const { type, code } = icmpOf(destinationPort);
    return [word, '', code === undefined ? `${type}` : `${type} ${code}`];
  }
  const ported = sourcePort !== undefined || destinationPort !== undefined;
  if (ported && !protocolWords.has(protocol)) {
    throw inexpressible(rule, `ports of protocol ${protocol}`);
  }
  return [word, portText(sourcePort), portText(destinationPort)];
}

function portText(range: Service['sourcePort']): string {
  if (range === undefined) return '';
  const { from, until } = range;
  return until === from + 1 ? `eq ${from}` : `range ${from} ${until - 1}`;
}
