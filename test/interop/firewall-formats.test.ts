import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { describe, test } from 'node:test';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { aws, kubernetes } from '#firewall';
import type { RuleFile, Target } from '#firewall';
import { rulesOf } from './support/policy.ts';

/** Loaded without its types, which would bring those of a browser into the program. */
const { parse } = z
  .object({
    parse: z.custom<(name: string, text: string) => Promise<unknown>>(
      (value) => typeof value === 'function',
    ),
  })
  .parse(createRequire(import.meta.url)('@cdktf/hcl2json'));

const examples = globSync('examples/*.yaml').map((path) => basename(path, '.yaml'));

/** The files of every host of an example. */
function filesOf(target: Target, example: string): readonly RuleFile[] {
  const hosts = rulesOf(`examples/${example}.yaml`).filter(({ zones }) => zones.length === 0);
  return target.render(hosts, {});
}

/** What the parser makes of a file: resources by type and name. */
const terraform = z.object({
  resource: z.record(z.string(), z.record(z.string(), z.array(z.unknown()))).optional(),
});

/** The arguments of a rule, no others, as the provider knows them. */
const groupRule = z.strictObject({
  security_group_id: z.string().regex(/^\$\{aws_security_group\.\w+\.id\}$/u),
  description: z.string().max(255),
  ip_protocol: z.literal('tcp'),
  from_port: z.int(),
  to_port: z.int(),
  cidr_ipv4: z.string().optional(),
  cidr_ipv6: z.string().optional(),
});

/** Keys of objects of a NetworkPolicy's spec; the models let others pass. */
const known = new Set(
  'podSelector matchLabels policyTypes ingress egress from to ipBlock cidr ports protocol port endPort'.split(
    ' ',
  ),
);

function keysIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(keysIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'matchLabels' ? [key] : [key, ...keysIn(inner)],
  );
}

describe('rules in formats others read', () => {
  for (const example of examples) {
    test(`Terraform's own parser takes the security groups of ${example}`, async () => {
      const files = filesOf(aws, example);
      let rules = 0;
      for (const { name, content } of files) {
        const { resource = {} } = terraform.parse(await parse(name, content));
        for (const [type, blocks] of Object.entries(resource)) {
          assert.match(type, /^aws_(?:vpc_)?security_group(?:_(?:in|e)gress_rule)?$/u);
          if (type === 'aws_security_group') continue;
          for (const block of Object.values(blocks).flat()) {
            rules += 1;
            const rule = groupRule.parse(block);
            assert.ok((rule.cidr_ipv4 === undefined) !== (rule.cidr_ipv6 === undefined), name);
            assert.ok(rule.from_port <= rule.to_port);
          }
        }
      }
      assert.ok(rules > 20);
    });

    test(`the types of Kubernetes take the network policies of ${example}`, () => {
      const files = filesOf(kubernetes, example);
      let policies = 0;
      for (const { name, content } of files) {
        const documents = parseAllDocuments(content);
        assert.ok(Array.isArray(documents));
        for (const document of documents) {
          assert.deepEqual(document.errors, [], name);
          new NetworkPolicy(document.toJS()).validate();
          const others = keysIn(document.toJS().spec).filter((key) => !known.has(key));
          assert.deepEqual(others, [], name);
          policies += 1;
        }
      }
      assert.ok(policies > 20);
    });
  }

  test('are refused by these when they are broken', async () => {
    await assert.rejects(parse('x.tf', 'resource "a" "b" {\n c = \n}\n'));
    const broken =
      '{"metadata":{"name":"x"},"spec":{"podSelector":{},"ingress":[{"ports":[{"protocol":"XTP"}]}]}}';
    assert.throws(() => new NetworkPolicy(JSON.parse(broken)).validate());
  });
});
