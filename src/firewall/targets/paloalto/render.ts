import { formatNetwork } from '#topology';
import type { Network } from '#topology';
import { protocols } from '../model.ts';
import type { RenderOptions, RuleFile, RuleSet, Verdict } from '../model.ts';
import { addressName, serviceName } from '../names.ts';
import { blocksIn, policiesOf, servicesIn } from '../policies.ts';
import type { Policy } from '../policies.ts';
import { rangeText } from '../services.ts';
import type { Service } from '../services.ts';
import { passageOf } from '../stateful.ts';
import { inexpressible, oneLine, quoted } from '../text.ts';
import { limits } from './limits.ts';

const actions: Readonly<Record<Verdict, string>> = {
  accept: 'allow',
  drop: 'drop',
  reject: 'reset-both',
};

/** Writes one file of set commands a firewall; a commit puts all of it in force at once. */
export function render(
  ruleSets: readonly RuleSet[],
  { logDenied = true }: RenderOptions,
): readonly RuleFile[] {
  return ruleSets.map((ruleSet) => {
    const { device } = ruleSet;
    const policies = policiesOf(passageOf(ruleSet), limits, ['accept', 'drop']);
    const lines = [
      'delete rulebase security rules',
      ...blocksIn(policies).map(
        (block) => `set address ${addressName(block)} ip-netmask ${formatNetwork(block)}`,
      ),
      ...servicesIn(policies).map((service) => `set service ${serviceText(service)}`),
      ...policies.map((policy, index) =>
        ruleText(policy, index < policies.length - 1 || logDenied),
      ),
    ];
    const name = `${device}.panos.set`;
    return { name, content: `${head(device)}${lines.join('\n')}\n` };
  });
}

const head = (device: string): string =>
  `# Security rules of ${oneLine(device)} for PAN-OS, both families; all earlier rules go.
#
# The addresses say which zones a rule is about, so rules are from any zone to any. Applications are
# any on purpose: a port of the table is a port, whatever App-ID takes its traffic for.
#
# Save:      save config to before.xml
# Load:      configure, set cli scripting-mode on, paste, then: validate full; commit
# Roll back: load config from before.xml; commit
`;

const protocolWords: ReadonlyMap<number, string> = new Map([
  [protocols.tcp, 'tcp'],
  [protocols.udp, 'udp'],
  [protocols.sctp, 'sctp'],
]);

function serviceText(service: Service): string {
  const { protocol = -1, sourcePort, destinationPort } = service;
  const word = protocolWords.get(protocol);
  if (word === undefined) {
    throw inexpressible({ id: `Protocol ${protocol}` }, 'a service; PAN-OS has TCP, UDP and SCTP');
  }
  const port = destinationPort === undefined ? '0-65535' : rangeText(destinationPort);
  const from = sourcePort === undefined ? '' : ` source-port ${rangeText(sourcePort)}`;
  return `${serviceName(service)} protocol ${word} port ${port}${from}`;
}

function ruleText(policy: Policy, log: boolean): string {
  const { name, from, to, source, destination, services, verdict, reason } = policy;
  const words = [
    `set rulebase security rules ${name}`,
    `from ${listText(from)} to ${listText(to)}`,
    `source ${sideText(source)} destination ${sideText(destination)}`,
    `application any service ${listText(servicesText(services))}`,
    `action ${actions[verdict]} log-end ${log ? 'yes' : 'no'}`,
    `description ${quoted(reason)}`,
  ];
  return words.join(' ');
}

const servicesText = (services: readonly Service[]): readonly string[] | undefined =>
  services.some(({ protocol }) => protocol === undefined) ? undefined : services.map(serviceName);

const sideText = (blocks: readonly Network[] | undefined): string =>
  listText(blocks?.map(addressName));

function listText(members: readonly string[] | undefined): string {
  const [only = 'any', ...more] = members ?? [];
  return more.length === 0 ? only : `[ ${[only, ...more].join(' ')} ]`;
}
