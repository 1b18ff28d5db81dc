import { UsherError } from '#base';
import { formatAddress, formatNetwork } from '#topology';
import { protocols } from '../model.ts';
import type { Family, RuleFile, RuleSet } from '../model.ts';
import { attachmentsOf } from '../attachments.ts';
import type { Attachment, Permit } from '../attachments.ts';
import { chunksOf } from '../names.ts';
import { icmpOf, isIcmp, servicesOf } from '../services.ts';
import type { Service } from '../services.ts';
import { blocksOf } from '../sides.ts';
import { asciiOf, inexpressible, oneLine, reasonOf } from '../text.ts';
import { limits } from './limits.ts';

/** A rule of a group, without the group. */
interface GroupRule {
  readonly family: Family;
  readonly row: string;
  readonly reason: string;
  /** Its arguments in Terraform; rules that share them are one. */
  readonly lines: readonly string[];
}

/** Writes a file a host, and one for what all of them need to be told. */
export function render(ruleSets: readonly RuleSet[]): readonly RuleFile[] {
  const files = ruleSets.map((ruleSet) => {
    const attachments = attachmentsOf(ruleSet);
    const room = attachments.some(({ both }) => both)
      ? Math.floor(limits.groupsOfAnInterface / 2)
      : limits.groupsOfAnInterface;
    const blocks = attachments.flatMap((attachment) => attachmentBlocks(attachment, room));
    const { device } = ruleSet;
    return { name: `${device}.tf`, content: `${head(device, attachments)}${blocks.join('\n')}` };
  });
  return [{ name: 'usher-variables.tf', content: variables }, ...files];
}

/** What is different for a host with two families. */
const twoAddresses = ` An interface with an IPv4
# and an IPv6 address gets the groups of both.`;

const variables = `variable "vpc_id" {
  type        = string
  description = "The VPC of the hosts"
}
`;

const head = (
  device: string,
  attachments: readonly Attachment[],
): string => `# Security groups of ${oneLine(device)}, for Terraform with hashicorp/aws 4.61 or later.
#
# Each address of the host is an interface: give it the groups with its address, and no others. What
# no rule allows is refused; replies pass unasked.${attachments.some(({ both }) => both) ? twoAddresses : ''}
#
# Check:     terraform validate, terraform plan
# Load:      terraform apply
# Roll back: terraform apply with the files of before

`;

/** @param room groups an address may have */
function attachmentBlocks(attachment: Attachment, room: number): readonly string[] {
  const { device, address } = attachment;
  const ingress = groupsOf(attachment.in);
  const egress = groupsOf(attachment.out);
  const count = Math.max(ingress.length, egress.length, 1);
  const at = address === undefined ? 'none' : formatAddress(address);
  if (count > room) {
    throw new UsherError(
      'USHER_RULES_TOO_LARGE',
      `${device}: the rules of ${at} need ${count} groups; an interface has ${limits.groupsOfAnInterface}${attachment.both ? ' for two addresses' : ''}.`,
      { remedy: 'Give the networks of the topology as fewer, larger blocks.' },
    );
  }
  return Array.from({ length: count }, (_, index): readonly string[] => {
    const name = identifier([device, at, `${index + 1}`]);
    const rules = (type: 'ingress' | 'egress', list: readonly GroupRule[] = []) =>
      list.map((rule, number) => ruleBlock(type, `${name}_${type}_${number + 1}`, name, rule));
    return [
      groupBlock(name, device, at, index + 1),
      ...rules('ingress', ingress[index]),
      ...rules('egress', egress[index]),
    ];
  }).flat();
}

/** Rules of both families, each within the quota of a group. */
function groupsOf(permits: readonly Permit[]): readonly (readonly GroupRule[])[] {
  const rules = merged(permits.flatMap(rulesOf));
  const [four = [], six = []] = ([4, 6] as const).map((wanted) =>
    chunksOf(
      rules.filter(({ family }) => family === wanted),
      limits.rulesOfAGroup,
    ),
  );
  return Array.from({ length: Math.max(four.length, six.length) }, (_, index) => [
    ...(four[index] ?? []),
    ...(six[index] ?? []),
  ]);
}

/** EC2 refuses a rule that is there already, so rows about the same packets share one and name the others. */
function merged(rules: readonly GroupRule[]): readonly GroupRule[] {
  const alike = Map.groupBy(rules, ({ lines }) => lines.join('\n'));
  return [...alike.values()].flatMap(([first, ...others]): GroupRule[] => {
    if (first === undefined) return [];
    const also = [...new Set(others.map(({ row }) => row))]
      .filter((row) => row !== first.row)
      .map((row) => `[${row}] `)
      .join('');
    return [{ ...first, reason: also + first.reason }];
  });
}

function rulesOf({ rule, match, peers }: Permit): readonly GroupRule[] {
  const family = match.source.v4.length > 0 ? 4 : 6;
  const all = { family, value: 0n, prefix: 0 } as const;
  return servicesOf({ ...rule, match }).flatMap((service) =>
    (blocksOf(peers, family) ?? [all]).map((block) => ({
      family,
      row: rule.id,
      reason: rule.comment ?? '',
      lines: [
        ...serviceLines(service, rule.id),
        `cidr_ipv${family} = ${text(formatNetwork(block))}`,
      ],
    })),
  );
}

const protocolWords: ReadonlyMap<number, string> = new Map([
  [protocols.tcp, 'tcp'],
  [protocols.udp, 'udp'],
  [protocols.icmp, 'icmp'],
  [protocols.icmpv6, 'icmpv6'],
]);

function serviceLines(service: Service, id: string): readonly string[] {
  const { protocol, sourcePort, destinationPort } = service;
  if (protocol === undefined) return ['ip_protocol = "-1"'];
  if (sourcePort !== undefined) throw inexpressible({ id }, 'source ports; a group knows none');
  const word = protocolWords.get(protocol) ?? `${protocol}`;
  const lines = (from: number, to: number): readonly string[] => [
    `ip_protocol = "${word}"`,
    `from_port = ${from}`,
    `to_port = ${to}`,
  ];
  if (isIcmp(protocol)) {
    if (destinationPort === undefined) return lines(-1, -1);
    const { type, code = -1 } = icmpOf(destinationPort);
    return lines(type, code);
  }
  if (protocolWords.has(protocol)) {
    const { from, until } = destinationPort ?? { from: 0, until: 65_536 };
    return lines(from, until - 1);
  }
  if (destinationPort !== undefined) throw inexpressible({ id }, `ports of protocol ${protocol}`);
  return [`ip_protocol = "${word}"`];
}

function groupBlock(name: string, device: string, at: string, index: number): string {
  return blockText('resource "aws_security_group"', name, [
    `name = ${text(`usher-${device}-${at}-${index}`)}`,
    `description = ${text(described(`Rules of ${device} at ${at}`))}`,
    'vpc_id = var.vpc_id',
    `tags = { usher_device = ${text(device)}, usher_address = ${text(at)} }`,
  ]);
}

function ruleBlock(type: string, name: string, group: string, rule: GroupRule): string {
  const { row, reason, lines } = rule;
  const comment = reasonOf({ id: row, comment: reason }, limits.descriptionLength);
  return blockText(`resource "aws_vpc_security_group_${type}_rule"`, name, [
    `security_group_id = aws_security_group.${group}.id`,
    `description = ${text(described(comment))}`,
    ...lines,
  ]);
}

/** Arguments with their signs below each other, as `terraform fmt` has them. */
function blockText(kind: string, name: string, lines: readonly string[]): string {
  const width = Math.max(...lines.map((line) => line.indexOf(' = ')));
  const aligned = lines.map((line) => {
    const at = line.indexOf(' = ');
    return `  ${line.slice(0, at).padEnd(width)}${line.slice(at)}`;
  });
  return `${kind} "${name}" {\n${aligned.join('\n')}\n}\n`;
}

/** A text of Terraform; nothing in it begins an expression. */
const text = (value: string): string =>
  `"${value.replace(/["\\]/gu, '\\$&').replace(/[$%](?=\{)/gu, '$&$&')}"`;

/** Characters EC2 takes in descriptions; others become a full stop. */
const described = (value: string): string =>
  asciiOf(value)
    .replaceAll('$', '.')
    .replace(/[^\w. \-:/()#,@[\]+=&;{}!*]/gu, '.')
    .slice(0, limits.descriptionLength);

/** Letters, digits and `_`. */
const identifier = (parts: readonly string[]): string =>
  `usher_${parts.join('_').replace(/[^A-Za-z\d]/gu, '_')}`;
