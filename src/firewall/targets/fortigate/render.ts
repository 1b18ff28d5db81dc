import { formatAddress, formatNetwork } from '#topology';
import type { Network } from '#topology';
import { protocols } from '../model.ts';
import type { Family, RenderOptions, RuleFile, RuleSet } from '../model.ts';
import { addressName, serviceName } from '../names.ts';
import { blocksIn, policiesOf, servicesIn } from '../policies.ts';
import type { Policy } from '../policies.ts';
import { icmpOf, isIcmp, rangeText } from '../services.ts';
import type { Service } from '../services.ts';
import { hasFamily, maskOf } from '../sides.ts';
import { passageOf } from '../stateful.ts';
import { inexpressible, oneLine, quoted } from '../text.ts';
import { limits } from './limits.ts';

/** Writes one file of commands a firewall. */
export function render(
  ruleSets: readonly RuleSet[],
  { logDenied = true }: RenderOptions,
): readonly RuleFile[] {
  return ruleSets.map((ruleSet) => {
    const { device } = ruleSet;
    const policies = policiesOf(passageOf(ruleSet), limits, ['accept', 'drop']);
    const blocks = blocksIn(policies).filter(({ prefix }) => prefix > 0);
    const lines = [
      ...table('address', blocks.filter(({ family }) => family === 4).map(addressEntry)),
      ...table('address6', blocks.filter(({ family }) => family === 6).map(addressEntry)),
      ...table('service custom', servicesIn(policies).map(serviceEntry)),
      ...table(
        'policy',
        policies.map((policy, index) =>
          policyEntry(policy, limits.firstPolicy + index, index < policies.length - 1 || logDenied),
        ),
      ),
    ];
    const name = `${device}.fgt.conf`;
    const last = limits.firstPolicy + policies.length - 1;
    return { name, content: `${head(device, last)}${lines.join('\n')}\n` };
  });
}

/** One table; without entries, none. */
const table = (name: string, entries: readonly (readonly string[])[]): readonly string[] =>
  entries.length === 0
    ? []
    : [`config firewall ${name}`, ...entries.flatMap((each) => [...each, '    next']), 'end'];

const head = (device: string, last: number): string =>
  `# Policies of ${oneLine(device)} for FortiOS 7.0 or later, both families.
#
# The addresses say which interfaces a policy is about, so policies are from any to any. They have the
# numbers ${limits.firstPolicy} to ${last}; policies with other numbers stand where they stood: delete those
# that are not to be, and what an earlier file left above ${last}.
#
# Save:      execute backup config
# Load:      paste into a command line, inside "config vdom" where there is one
# Roll back: execute restore config, with what was saved
`;

const entry = (name: string, ...lines: readonly string[]): readonly string[] => [
  `    edit ${name}`,
  ...lines.map((line) => `        set ${line}`),
];

function addressEntry(block: Network): readonly string[] {
  const value =
    block.family === 4
      ? `subnet ${formatAddress(block)} ${maskOf(block)}`
      : `ip6 ${formatNetwork(block)}`;
  return entry(quoted(addressName(block)), value);
}

const portWords: ReadonlyMap<number, string> = new Map([
  [protocols.tcp, 'tcp'],
  [protocols.udp, 'udp'],
  [protocols.sctp, 'sctp'],
]);

function serviceEntry(service: Service): readonly string[] {
  const { protocol = 0, sourcePort, destinationPort } = service;
  const name = quoted(serviceName(service));
  const word = portWords.get(protocol);
  if (word !== undefined) {
    const to = destinationPort === undefined ? '0-65535' : rangeText(destinationPort);
    const from = sourcePort === undefined ? '' : `:${rangeText(sourcePort)}`;
    // Ports are what a service has unless it is told; versions have different words for that.
    return entry(name, `${word}-portrange ${to}${from}`);
  }
  if (isIcmp(protocol)) {
    const kind = `protocol ${protocol === protocols.icmp ? 'ICMP' : 'ICMP6'}`;
    if (destinationPort === undefined) return entry(name, kind);
    const { type, code } = icmpOf(destinationPort);
    return entry(
      name,
      kind,
      `icmptype ${type}`,
      ...(code === undefined ? [] : [`icmpcode ${code}`]),
    );
  }
  if (sourcePort !== undefined || destinationPort !== undefined) {
    throw inexpressible({ id: `Protocol ${protocol}` }, 'ports');
  }
  return entry(name, 'protocol IP', `protocol-number ${protocol}`);
}

const names = (members: readonly string[]): string => members.map(quoted).join(' ');

function policyEntry(policy: Policy, id: number, log: boolean): readonly string[] {
  const { name, from, to, match, services, verdict, reason } = policy;
  const any = services.some(({ protocol }) => protocol === undefined);
  const sides = ([4, 6] as const).flatMap((family): readonly string[] => {
    if (!hasFamily(match, family)) return [];
    const ending = family === 4 ? '' : '6';
    return [
      `srcaddr${ending} ${names(sideNames(policy, 'source', family))}`,
      `dstaddr${ending} ${names(sideNames(policy, 'destination', family))}`,
    ];
  });
  return entry(
    `${id}`,
    `name ${quoted(name)}`,
    `srcintf ${names(from ?? ['any'])}`,
    `dstintf ${names(to ?? ['any'])}`,
    ...sides,
    `action ${verdict === 'accept' ? 'accept' : 'deny'}`,
    'schedule "always"',
    `service ${any ? '"ALL"' : names(services.map(serviceName))}`,
    `logtraffic ${log ? 'all' : 'disable'}`,
    `comments ${quoted(reason)}`,
  );
}

/** The addresses of one family; `all` where any will do. */
function sideNames(
  policy: Policy,
  side: 'source' | 'destination',
  family: Family,
): readonly string[] {
  const blocks = policy[side]?.filter((block) => block.family === family);
  return blocks === undefined || blocks.some(({ prefix }) => prefix === 0)
    ? ['all']
    : blocks.map(addressName);
}
