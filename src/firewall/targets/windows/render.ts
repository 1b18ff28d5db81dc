import { formatAddress, formatNetwork } from '#topology';
import type { Network } from '#topology';
import { addressEnd, isEmpty, prefixesOf, protocols } from '../model.ts';
import type { Chain, Rule, RuleFile, RuleSet, Verdict } from '../model.ts';
import { chunksOf, nameMaker } from '../names.ts';
import { icmpOf, isIcmp, rangeText, servicesOf } from '../services.ts';
import type { Service } from '../services.ts';
import { isHost, refuseInterfaces, sidesOf } from '../sides.ts';
import { hostChainsOf, isOfConnections, verdictOf, writtenRules } from '../stateful.ts';
import { inexpressible, oneLine, reasonOf } from '../text.ts';
import { groupName, limits } from './limits.ts';
import { statesOfType } from '../neighbours.ts';

/** Writes one script a host; its rules take the place of all others. */
export function render(ruleSets: readonly RuleSet[]): readonly RuleFile[] {
  return ruleSets.map((ruleSet) => {
    const { device } = ruleSet;
    const chains = hostChainsOf(ruleSet);
    const nameOf = nameMaker(200);
    const rules = chains.flatMap((chain) => chainLines(chain, nameOf));
    const defaults = (['in', 'out'] as const).map((direction) => {
      const chain = chains.find((each) => each.direction === direction);
      const action = chain === undefined || chain.policy === 'accept' ? 'Allow' : 'Block';
      return `-Default${direction === 'in' ? 'Inbound' : 'Outbound'}Action ${action}`;
    });
    const name = `${device}.ps1`;
    const lines = [
      "$ErrorActionPreference = 'Stop'",
      `Remove-NetFirewallRule -Group ${text(groupName)} -ErrorAction SilentlyContinue`,
      ...rules,
      `Get-NetFirewallRule -PolicyStore PersistentStore | Where-Object Group -ne ${text(groupName)} | Disable-NetFirewallRule`,
      `Set-NetFirewallProfile -All -Enabled True ${defaults.join(' ')} -AllowLocalFirewallRules True`,
    ];
    return { name, content: `\uFEFF${head(device, name)}${lines.join('\n')}\n` };
  });
}

/** The mark before it tells Windows PowerShell that the file is UTF-8. */
const head = (device: string, name: string): string =>
  `# Windows Defender Firewall of ${oneLine(device)} (Windows Server 2012 or later).
#
# All other local rules are switched off, remote desktop and name resolution among them: write your
# own rules before the line that does so. Rules of a group policy count beside these.
#
# Save:      netsh advfirewall export before.wfw
# Load:      powershell -ExecutionPolicy Bypass -File ${oneLine(name)}     as administrator
# Roll back: netsh advfirewall import before.wfw
#Requires -RunAsAdministrator
`;

/** Rules have no order: what blocks wins, so it has to come before all that allows. */
function chainLines(chain: Chain, nameOf: (id: string) => string): readonly string[] {
  const rules = writtenRules(chain).filter(({ match }) => !isEmpty(match));
  const direction = chain.direction === 'in' ? 'in' : 'out';
  if (chain.policy === 'reject') throw inexpressible({ id: `Chain ${chain.name}` }, 'an answer');
  const firstAllow = rules.findIndex(({ action }) => action.kind === 'accept');
  return rules.flatMap((rule, index) => {
    const verdict = isOfConnections(rule) ? verdictOf(rule, ['accept', 'drop']) : linkOnly(rule);
    if (verdict === 'drop' && firstAllow >= 0 && firstAllow < index) {
      throw inexpressible(rule, 'a refusal after something was allowed; here what blocks wins');
    }
    return ruleLines(rule, direction, verdict, nameOf);
  });
}

/** Of the packets without a connection only those of the link can be let in by themselves. */
function linkOnly(rule: Rule): Verdict {
  const services = servicesOf(rule);
  const known = services.every(
    ({ protocol, destinationPort }) =>
      protocol === protocols.icmpv6 &&
      destinationPort !== undefined &&
      statesOfType(destinationPort).includes('untracked'),
  );
  if (!known || !rule.match.states.includes('untracked')) {
    throw inexpressible(rule, 'packets of no connection');
  }
  return 'accept';
}

function ruleLines(
  rule: Rule,
  direction: 'in' | 'out',
  verdict: Verdict,
  nameOf: (id: string) => string,
): readonly string[] {
  refuseInterfaces(rule);
  const { source, destination } = sidesOf(rule.match);
  const [own, remote] = direction === 'in' ? [destination, source] : [source, destination];
  return transportsOf(rule, direction).flatMap((transport) =>
    piecesOf(own).flatMap((local) =>
      piecesOf(remote).map((peers) => {
        const name = nameOf(`usher-${direction}-${rule.id}`);
        return [
          'New-NetFirewallRule',
          `-Name ${text(name)}`,
          `-DisplayName ${text(rule.id === '' ? name : rule.id)}`,
          `-Description ${text(reasonOf(rule, 1000))}`,
          `-Group ${text(groupName)}`,
          `-Enabled True -Profile Any -Direction ${direction === 'in' ? 'Inbound' : 'Outbound'}`,
          `-Action ${verdict === 'accept' ? 'Allow' : 'Block'}`,
          transport,
          `-LocalAddress ${listText(local)} -RemoteAddress ${listText(peers)} | Out-Null`,
        ].join(' ');
      }),
    ),
  );
}

const piecesOf = (blocks: readonly Network[] | undefined) =>
  blocks === undefined ? [undefined] : chunksOf(blocks, limits.addressesOfARule);

const listText = (blocks: readonly Network[] | undefined): string =>
  blocks === undefined
    ? 'Any'
    : blocks
        .flatMap(halved)
        .map((block) => text(isHost(block) ? formatAddress(block) : formatNetwork(block)))
        .join(',');

/** Every address of a family is no block Windows takes; its halves are. */
const halved = (block: Network): readonly Network[] =>
  block.prefix > 0
    ? [block]
    : prefixesOf(block.family, [
        { from: 0n, until: addressEnd(block.family) / 2n },
        { from: addressEnd(block.family) / 2n, until: addressEnd(block.family) },
      ]);

const protocolWords: ReadonlyMap<number, string> = new Map([
  [protocols.tcp, 'TCP'],
  [protocols.udp, 'UDP'],
  [protocols.icmp, 'ICMPv4'],
  [protocols.icmpv6, 'ICMPv6'],
]);

/** Protocol and ports; a rule is of one protocol, with lists of both ports or of types. */
function transportsOf(rule: Rule, direction: 'in' | 'out'): readonly string[] {
  const byProtocol = Map.groupBy(servicesOf(rule), ({ protocol }) => protocol);
  return [...byProtocol].flatMap(([protocol, services]): readonly string[] => {
    if (protocol === undefined) return ['-Protocol Any'];
    const word = `-Protocol ${protocolWords.get(protocol) ?? protocol}`;
    if (isIcmp(protocol)) {
      return chunksOf(services.map(typeText), limits.portsOfARule).map((types) =>
        types.includes('Any') ? word : `${word} -IcmpType ${types.join(',')}`,
      );
    }
    const lists = (side: 'sourcePort' | 'destinationPort') =>
      chunksOf(
        [...new Set(services.map((service) => portText(service[side])))],
        limits.portsOfARule,
      );
    const [ownSide, peerSide] =
      direction === 'in'
        ? (['destinationPort', 'sourcePort'] as const)
        : (['sourcePort', 'destinationPort'] as const);
    const ported = services.some((each) => each.sourcePort ?? each.destinationPort);
    if (ported && protocol !== protocols.tcp && protocol !== protocols.udp) {
      throw inexpressible(rule, `ports of protocol ${protocol}`);
    }
    if (!ported) return [word];
    return lists(ownSide).flatMap((local) =>
      lists(peerSide).map(
        (remote) => `${word} -LocalPort ${local.join(',')} -RemotePort ${remote.join(',')}`,
      ),
    );
  });
}

const portText = (range: Service['sourcePort']): string =>
  range === undefined ? 'Any' : rangeText(range);

function typeText({ destinationPort }: Service): string {
  if (destinationPort === undefined) return 'Any';
  const { type, code } = icmpOf(destinationPort);
  return code === undefined ? `${type}` : `${type}:${code}`;
}

/**
 * A text PowerShell takes as it is; it doubles single quotation marks inside, for which it also takes
 * the typographic ones.
 */
const text = (value: string): string => `'${oneLine(value).replace(/['‘’‚‛]/gu, "''")}'`;
