import { formatNetwork } from '#topology';
import type { RenderOptions, RuleFile, RuleSet, Verdict } from '../model.ts';
import { addressName, protocolWords, serviceName } from '../names.ts';
import { blocksIn, policiesOf, servicesIn } from '../policies.ts';
import type { Policy } from '../policies.ts';
import { icmpOf, isIcmp, rangeText } from '../services.ts';
import type { Service } from '../services.ts';
import { passageOf } from '../stateful.ts';
import { oneLine, quoted } from '../text.ts';
import { limits } from './limits.ts';

const actions: Readonly<Record<Verdict, string>> = {
  accept: 'permit',
  drop: 'deny',
  reject: 'reject',
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
      'delete security policies',
      ...blocksIn(policies).map(
        (block) =>
          `set security address-book global address ${addressName(block)} ${formatNetwork(block)}`,
      ),
      ...servicesIn(policies).flatMap(applicationLines),
      ...policies.flatMap((policy, index) =>
        policyLines(policy, index < policies.length - 1 || logDenied),
      ),
      'set security policies default-policy deny-all',
    ];
    return { name: `${device}.srx.set`, content: `${head(device)}${lines.join('\n')}\n` };
  });
}

const head = (device: string): string =>
  `# Security policies of ${oneLine(device)} for Juniper SRX, both families; all earlier policies go.
#
# The addresses say which zones a rule is about, so policies are global.
#
# Load:      configure exclusive, load set terminal, paste, then: commit check; commit confirmed
# Roll back: rollback 1; commit
`;

function applicationLines(service: Service): readonly string[] {
  const { protocol = 0, sourcePort, destinationPort } = service;
  const own = `set applications application ${serviceName(service)}`;
  const lines = [`${own} protocol ${protocolWords.get(protocol) ?? protocol}`];
  if (isIcmp(protocol)) {
    if (destinationPort === undefined) return lines;
    // The ICMP of IPv6 has words of its own.
    const word = `${own} ${protocol === 1 ? 'icmp' : 'icmp6'}`;
    const { type, code } = icmpOf(destinationPort);
    lines.push(`${word}-type ${type}`);
    if (code !== undefined) lines.push(`${word}-code ${code}`);
    return lines;
  }
  if (sourcePort !== undefined) lines.push(`${own} source-port ${rangeText(sourcePort)}`);
  if (destinationPort !== undefined) {
    lines.push(`${own} destination-port ${rangeText(destinationPort)}`);
  }
  return lines;
}

function policyLines(policy: Policy, log: boolean): readonly string[] {
  const { name, reason, from, to, source, destination, services, verdict } = policy;
  const own = `set security policies global policy ${name}`;
  const each = (word: string, members: readonly string[] | undefined): readonly string[] =>
    (members ?? ['any']).map((member) => `${own} match ${word} ${member}`);
  const any = services.some(({ protocol }) => protocol === undefined);
  // Denied packets open no session that could close.
  const logs = verdict === 'accept' ? 'session-close' : 'session-init';
  return [
    `${own} description ${quoted(reason)}`,
    ...(from === undefined ? [] : each('from-zone', from)),
    ...(to === undefined ? [] : each('to-zone', to)),
    ...each('source-address', source?.map(addressName)),
    ...each('destination-address', destination?.map(addressName)),
    ...each('application', any ? undefined : services.map(serviceName)),
    `${own} then ${actions[verdict]}`,
    ...(log ? [`${own} then log ${logs}`] : []),
  ];
}
