import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressesOf, between, exactly, everyAddress, everyIPv4, protocols } from '../model.ts';
import type { Rule, RuleFile } from '../model.ts';
import { assertSamePackets, guarded, permit, smallInterfaces } from '../rules.fixture.ts';
import { describeTarget } from '../target.compliance.ts';
import { aws } from './index.ts';

const group = 'resource "aws_security_group" "g" {\n}\n';
const rule = (lines: string): string =>
  `${group}resource "aws_vpc_security_group_ingress_rule" "r" {\nsecurity_group_id = aws_security_group.g.id\n${lines}\n}\n`;

describeTarget({
  target: aws,
  sets: smallInterfaces((asked) => asked),
  faults: [
    ['resource "x" {', /^f:1: the end of the line; allowed: a block|^f:\d+: /u],
    ['a = "b', /^f:1: b; allowed: a text that ends with "/u],
    ['/* no end', /^f:1: \/\*; allowed: a comment that ends/u],
    [
      rule('cidr_ipv4 = "10.0.0"\nip_protocol = "-1"'),
      /^f:3: 10\.0\.0; allowed: an address block/u,
    ],
    [rule('ip_protocol = "-1"'), /^f:3: a rule for nobody/u],
    [rule('cidr_ipv4 = "10.0.0.0/8"\nip_protocol = "what"'), /^f:3: ip_protocol = what/u],
    [
      rule('cidr_ipv4 = "10.0.0.0/8"\nip_protocol = "tcp"\nfrom_port = 90\nto_port = 80'),
      /^f:3: ports 90/u,
    ],
    [
      rule('count = 2\ncidr_ipv4 = "10.0.0.0/8"\nip_protocol = "-1"'),
      /^f:3: count; allowed: each/u,
    ],
    [rule('').replace('group.g', 'group.other'), /^f:3: aws_vpc.* r; allowed: a rule of a group/u],
  ],
  words:
    'resource "aws_security_group" "g" { } = [ ] , "10.0.0.0/8" cidr_ipv4 ip_protocol "tcp" from_port to_port 80 -1 security_group_id aws_security_group.g.id ingress egress tags "${x}" /* */ #'.split(
      ' ',
    ),
});

const read = (...contents: readonly string[]) =>
  aws.read(contents.map((content, index): RuleFile => ({ name: `${index}.tf`, content })));

const inbound = (content: string): readonly Rule[] =>
  read(content)[0]?.chains[0]?.rules.slice(2) ?? [];

describe('aws', () => {
  test('reads rules in their group, beside it and of the older kind, over several files', () => {
    const [set, ...more] = read(
      `provider "aws" {
  region = var.region
}
resource "aws_security_group" "web" {
  name   = "web"
  vpc_id = var.vpc_id
  ingress {
    description = "A-1: people"
    from_port   = 5000
    to_port     = 5010
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8", "192.0.2.0/24"] # both
    ipv6_cidr_blocks = ["2001:db8::/32"]
  }
  egress {
    from_port = 0
    to_port = 0
    protocol = -1
    cidr_blocks = ["0.0.0.0/0"]
  }
}
`,
      `resource "aws_security_group_rule" "ping" {
  type              = "ingress"
  security_group_id = "\${aws_security_group.web.id}"
  from_port         = 8
  to_port           = -1
  protocol          = "icmp"
  cidr_blocks       = ["10.1.0.0/16"]
}
resource "aws_vpc_security_group_egress_rule" "dns" {
  security_group_id = aws_security_group.web.id
  ip_protocol       = "udp"
  from_port         = 53
  to_port           = 53
  cidr_ipv6         = "::/0"
}
`,
    );
    assert.equal(more.length, 0);
    assert.equal(set?.device, 'web');
    const [people, , six, ping] = set?.chains[0]?.rules.slice(2) ?? [];
    assert.deepEqual([people?.id, people?.comment, people?.position?.line], ['A-1', 'people', 7]);
    assert.deepEqual(people?.match.destinationPort, between(5000, 5010));
    assert.deepEqual(people.match.destination, everyAddress);
    assert.deepEqual(six?.match.source, addressesOf(['2001:db8::/32']));
    assert.deepEqual(ping?.match.destinationPort, between(2048, 2303));
    const [all, dns] = set?.chains[1]?.rules.slice(2) ?? [];
    assert.deepEqual(all?.match.destination, everyIPv4);
    assert.deepEqual(dns?.match.protocol, exactly(protocols.udp));
    assert.deepEqual(dns.match.destinationPort, exactly(53));
  });

  test('bounds other groups, lists of prefixes and whatever Terraform computes', () => {
    const rules = [
      'referenced_security_group_id = aws_security_group.g.id\nip_protocol = "-1"',
      'prefix_list_id = "pl-1"\nip_protocol = "-1"',
      'cidr_ipv4 = var.office\nip_protocol = "-1"',
      'cidr_ipv4 = "10.0.0.0/8"\nip_protocol = "tcp"\nfrom_port = var.port\nto_port = var.port',
    ].map((lines) => inbound(rule(lines))[0]?.unknown);
    assert.deepEqual(rules, [
      ['referenced_security_group_id = aws_security_group.g.id'],
      ['prefix_list_id = pl-1'],
      ['cidr_ipv4 = var.office'],
      ['from_port = var.port', 'to_port = var.port'],
    ]);
  });

  test('spreads rules over groups, and says when an interface cannot hold them', () => {
    const destination = addressesOf(['10.9.0.1']);
    const many = (count: number) => {
      const texts = Array.from({ length: count }, (_, n) => `10.${n >> 8}.${n & 255}.2`);
      return guarded([permit({ source: addressesOf(texts), destination })]);
    };
    const files = aws.render([many(300)], {});
    const content = files.at(-1)?.content ?? '';
    assert.equal(content.match(/^resource "aws_security_group"/gmu)?.length, 5);
    assertSamePackets(aws.read(files)[0], many(300));
    assert.throws(() => aws.render([many(301)], {}), { code: 'USHER_RULES_TOO_LARGE' });
  });

  test('writes what two rows ask for once, for EC2 takes no rule twice', () => {
    const fields = { destination: addressesOf(['10.9.0.1']), protocol: exactly(6) };
    const both = guarded([
      {
        ...permit({ ...fields, source: addressesOf(['10.0.0.1', '10.0.0.2']) }, 'A'),
        comment: 'a',
      },
      { ...permit({ ...fields, source: addressesOf(['10.0.0.2']) }, 'B'), comment: 'b' },
    ]);
    const content = aws.render([both], {}).at(-1)?.content ?? '';
    assert.deepEqual(
      content.match(/description += "[AB].*"/gu)?.map((text) => text.slice(20)),
      ['"A: a"', '"A: [B] a"'],
    );
  });

  test('says plainly what groups that only allow cannot do', () => {
    const destination = addressesOf(['10.9.0.1']);
    const refusing: Rule = { ...permit({ destination }), action: { kind: 'drop' } };
    for (const [asked, message] of [
      [refusing, /^R-7 asks for "drop"; this kind of firewall only allows/u],
      [permit({}), /^R-7 asks for other addresses on this side/u],
      [
        permit({ destination, protocol: exactly(6), sourcePort: exactly(9) }),
        /^R-7 asks for source ports/u,
      ],
    ] as const) {
      assert.throws(() => aws.render([guarded([asked])], {}), {
        code: 'USHER_RULES_INEXPRESSIBLE',
        message,
      });
    }
  });
});
