import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  addressesOf,
  addressesWithout,
  between,
  everyAddress,
  everyPort,
  exactly,
  protocols,
  sameIntervals,
} from '../model.ts';
import type { Rule, RuleSet } from '../model.ts';
import { assertSamePackets, guarded, permit, smallInterfaces } from '../rules.fixture.ts';
import { describeTarget } from '../target.compliance.ts';
import { kubernetes } from './index.ts';

const policy = (spec: string, name = 'p'): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: ${name} }\nspec: ${spec}\n`;

/** A port of a policy begins with 1. */
function aboveZero(asked: Rule): Rule {
  const { match } = asked;
  const free = sameIntervals(match.destinationPort, everyPort);
  const up = match.destinationPort.map(({ from, until }) => ({ from: from + 1, until: until + 1 }));
  return {
    ...asked,
    match: { ...match, protocol: exactly(protocols.tcp), destinationPort: free ? everyPort : up },
  };
}

describeTarget({
  target: kubernetes,
  sets: smallInterfaces(aboveZero),
  faults: [
    ['a: [', /^f:\d+: .*; allowed: YAML/u],
    [policy('{ podSelector: {}, ingres: [] }'), /^f:1: spec; allowed: .*ingres/u],
    [policy('{}'), /^f:1: spec\.podSelector/u],
    [`---\nkind: Pod\n---\n${policy('{ podSelector: [] }')}`, /^f:4: spec\.podSelector/u],
    ['kind: CiliumNetworkPolicy', /^f:1: CiliumNetworkPolicy; allowed: NetworkPolicy/u],
    [
      policy('{ podSelector: {}, ingress: [ { from: [ { ipBlock: { cidr: 10.0.0/8 } } ] } ] }'),
      /^f:1: 10\.0\.0\/8; allowed: an address block/u,
    ],
    [
      policy('{ podSelector: {}, ingress: [ { ports: [ { port: 90, endPort: 80 } ] } ] }'),
      /^f:1: ports 90 to 80/u,
    ],
  ],
  words:
    'apiVersion: networking.k8s.io/v1 kind: NetworkPolicy metadata: name: spec: podSelector: {} ingress: - from: ipBlock: cidr: 10.0.0.0/8 ports: port: 80 [ ] { } &a *a ---'.split(
      ' ',
    ),
});

const read = (...policies: readonly string[]): readonly RuleSet[] =>
  kubernetes.read([{ name: 'policies.yaml', content: policies.join('---\n') }]);

const inbound = (set: RuleSet | undefined): readonly Rule[] => set?.chains[0]?.rules.slice(2) ?? [];

describe('kubernetes', () => {
  test('reads policies anybody wrote: selectors, exceptions, ranges, lists and defaults', () => {
    const [set, ...more] = read(`apiVersion: v1
kind: List
items:
  - kind: Pod
  - apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: { name: web, namespace: shop }
    spec:
      podSelector: { matchLabels: { app: web } }
      ingress:
        - from:
            - ipBlock: { cidr: 10.0.0.0/8, except: [10.1.0.0/16] }
          ports:
            - { port: 5000, endPort: 5010 }
            - { protocol: UDP, port: 53 }
        - {}
`);
    assert.equal(more.length, 0);
    assert.equal(set?.device, 'app=web');
    const [tcp, udp, all] = inbound(set);
    assert.equal(tcp?.id, 'web');
    assert.equal(tcp?.position?.line, 5);
    assert.deepEqual(
      tcp?.match.source,
      addressesWithout(addressesOf(['10.0.0.0/8']), addressesOf(['10.1.0.0/16'])),
    );
    assert.deepEqual(tcp.match.destinationPort, between(5000, 5010));
    assert.deepEqual(udp?.match.protocol, exactly(protocols.udp));
    assert.deepEqual(all?.match.source, everyAddress);
    // Nothing is said of what goes out, so all of it may.
    assert.deepEqual(
      set?.chains.map((chain) => chain.policy),
      ['drop', 'accept', 'drop'],
    );
  });

  test('bounds pods, namespaces, named ports and policies that may select the same pods', () => {
    const [web, other] = read(
      policy(
        '{ podSelector: { matchLabels: { app: web } }, ingress: [ { from: [ { podSelector: { matchLabels: { app: db } } } ], ports: [ { port: http } ] } ] }',
      ),
      policy('{ podSelector: { matchLabels: { tier: front } }, ingress: [ {} ] }', 'other'),
      policy('{ podSelector: { matchLabels: { app: db } }, ingress: [ {} ] }', 'db'),
    );
    assert.deepEqual(
      inbound(web).map(({ unknown }) => unknown),
      [['pods app=db', 'port http'], ['podSelector tier=front']],
    );
    assert.equal(inbound(other).length, 3);
  });

  test('lets a policy of all pods isolate each of them', () => {
    const [, all] = read(
      policy('{ podSelector: {}, policyTypes: [Ingress, Egress] }', 'deny'),
      policy('{ podSelector: { matchLabels: { app: web } }, ingress: [ {} ] }', 'web'),
    );
    assert.deepEqual(
      all?.chains.map((chain) => chain.policy),
      ['drop', 'drop', 'drop'],
    );
  });

  test('gives every object a name and labels the API takes', () => {
    const source = addressesOf(Array.from({ length: 1001 }, (_, n) => `10.${n >> 8}.${n & 255}.2`));
    const destination = addressesOf(['2001:db8::9', '10.9.0.1']);
    const wanted = guarded([permit({ source, destination }, 'Ä/'.repeat(200))]);
    const [file] = kubernetes.render([{ ...wanted, device: `${'h'.repeat(80)}.Example.com` }], {});
    const content = file?.content ?? '';
    const names = [...content.matchAll(/^ {2}name: (.*)$/gmu)].map(([, name = '']) => name);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^[a-z\d][a-z\d-]{0,251}[a-z\d]$/u);
    for (const [, label = ''] of content.matchAll(/^ {6}usher\/\w+: (.*)$/gmu)) {
      assert.match(label, /^[A-Za-z\d][\w.-]{0,61}[A-Za-z\d]$/u);
    }
  });

  test('reads words YAML takes for something else as they are', () => {
    const rule = { ...permit({ destination: addressesOf(['10.9.0.1']) }), comment: 'no' };
    const [file] = kubernetes.render([guarded([rule])], {});
    assert.match(file?.content ?? '', /usher\/reason: "no"/u);
    assertSamePackets(kubernetes.read(file === undefined ? [] : [file])[0], guarded([rule]));
  });

  test('says plainly what policies that only allow cannot do', () => {
    const destination = addressesOf(['10.9.0.1']);
    for (const [asked, message] of [
      [
        { ...permit({ destination }), action: { kind: 'drop' } },
        /"drop"; this kind of firewall only/u,
      ],
      [permit({ destination, protocol: exactly(50) }), /^R-7 asks for protocol 50/u],
      [permit({ destination, protocol: exactly(6), destinationPort: exactly(0) }), /port 0/u],
    ] as const) {
      assert.throws(() => kubernetes.render([guarded([asked])], {}), {
        code: 'USHER_RULES_INEXPRESSIBLE',
        message,
      });
    }
  });
});
