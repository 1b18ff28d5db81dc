import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { UsherError } from '#base';
import { findHost } from '#topology';
import { loadPlan } from '#ports';
import type { Leg, Plan } from '#ports';
import {
  addressesOf,
  exactly,
  formatAddresses,
  intersect,
  isEmpty,
  matching,
  protocols,
  subtract,
} from '../model/index.ts';
import type { Direction, Match, Rule, RuleSet } from '../model/index.ts';
import { deviceNames, policyOf, ruleSetOf } from './index.ts';

function example(name: string, change: (text: string) => string = (text) => text): Plan {
  const file = `examples/${name}.yaml`;
  const loaded = loadPlan(change(readFileSync(file, 'utf8')), file);
  assert.ok(loaded.ok, JSON.stringify(loaded, null, 1));
  return loaded.plan;
}

const kernel = (text: string): string => text.replace('engine: embedded', 'engine: nftables');

const kernelOfBoth = (text: string): string =>
  text.replace('balancer: lb01', 'engine: nftables\n    balancer: lb01');

/** The same deployment with IPv6 addresses. */
const inIPv6 = (text: string): string =>
  text.replaceAll(
    /127\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?/gu,
    (_, a: string, b: string, c: string, length?: string) =>
      `fd00:${a}:${b}::${c}${length === undefined ? '' : length === '16' ? '/32' : '/48'}`,
  );

const plans: readonly (readonly [string, Plan])[] = [
  ['contoso', example('contoso')],
  ['contoso behind a VIP in the kernel', example('contoso', kernel)],
  [
    'contoso behind destination NAT',
    example('contoso', (text) => kernel(text).replace('nat: source', 'nat: destination')),
  ],
  [
    'contoso behind two balancers',
    example('contoso', (text) =>
      kernel(text)
        .replace(
          /^ {4}balancer: (.*)$/mu,
          '    balancer: lb01.contoso.net\n    standby: lb02.contoso.net',
        )
        .replace(
          'balancers:\n',
          'balancers:\n  - { fqdn: lb02.contoso.net, address: 127.10.1.6 }\n',
        ),
    ),
  ],
  ['contoso in IPv6', example('contoso', inIPv6)],
  ['dns-balanced', example('dns-balanced')],
  ['two-sites', example('two-sites')],
  ['two-sites behind a VIP in the kernel', example('two-sites', kernelOfBoth)],
  [
    'two-sites with a Front End of IPv6 alone',
    example('two-sites', (text) => text.replace("['fd5e:2:2::11', 10.2.2.11]", "'fd5e:2:2::11'")),
  ],
  ['single-director', example('single-director')],
];

function rulesOf(set: RuleSet, direction: Direction): readonly Rule[] {
  const chain = set.chains.find((each) => each.direction === direction);
  assert.equal(chain?.policy, 'drop');
  return chain.rules;
}

const idsOf = (plan: Plan, device: string, direction: Direction): readonly string[] =>
  rulesOf(ruleSetOf(plan, device), direction).map(({ id }) => id);

const structural = new Set(['replies', 'loopback', 'neighbours', 'vrrp']);
const rows = (plan: Plan, device: string, direction: Direction): readonly string[] =>
  idsOf(plan, device, direction).filter((id) => !structural.has(id));

const packetsOf = ({ source, destination }: Leg): Match =>
  matching({
    source: addressesOf(source.addresses),
    destination: addressesOf([destination.address]),
    protocol: exactly(protocols.tcp),
    destinationPort: exactly(destination.port),
    states: ['new'],
  });

const admits = (rules: readonly Rule[], packets: Match): boolean =>
  rules
    .reduce<readonly Match[]>(
      (rest, { match }) => rest.flatMap((part) => subtract(part, match)),
      [packets],
    )
    .every(isEmpty);

const translates = (plan: Plan, { destination }: Leg): boolean =>
  plan.virtualServices.some(
    ({ engine, address, port }) =>
      engine === 'nftables' && address === destination.address && port === destination.port,
  );

describe('the policy', () => {
  for (const [name, plan] of plans) {
    it(`admits every leg where it arrives and where it sets out: ${name}`, () => {
      for (const leg of plan.legs) {
        const where = `${leg.flow} ${leg.kind}`;
        const arrives = ruleSetOf(plan, leg.destination.host ?? '');
        if (!translates(plan, leg))
          assert.ok(admits(rulesOf(arrives, 'in'), packetsOf(leg)), `${where} arrives`);
        const sender = findHost(plan.topology, leg.source.host ?? '');
        // Behind an address the kernel translates, nobody sends to the member: it is forwarded.
        if (sender === undefined || leg.kind === 'balancerToMember') continue;
        assert.ok(
          admits(rulesOf(ruleSetOf(plan, sender.fqdn), 'out'), packetsOf(leg)),
          `${where} sets out`,
        );
      }
    });

    it(`gives every rule an id and a reason, and has none that is never reached: ${name}`, () => {
      for (const set of policyOf(plan)) {
        for (const { rules } of set.chains) {
          assert.ok(rules.every(({ id, comment }) => id !== '' && comment !== ''));
          for (const [index, rule] of rules.entries()) {
            const earlier = rules.slice(0, index);
            assert.ok(!admits(earlier, rule.match), `${set.device} ${rule.id} is never reached`);
          }
        }
      }
    });
  }

  it('lets a Director be reached by its balancer and by log controllers only', () => {
    const plan = example('contoso');
    assert.deepEqual(rows(plan, 'dir01.contoso.net', 'in'), [
      'DH-01/member',
      'DH-02/member',
      'DH-04/member',
      'DH-05/member',
      'DH-06/member',
      'DH-07',
      'DH-08',
      'DH-09',
    ]);
    const sip = rulesOf(ruleSetOf(plan, 'DIR01.contoso.net'), 'in').find(
      ({ id }) => id === 'DH-06/member',
    );
    assert.deepEqual(sip && formatAddresses(sip.match.source), ['127.10.1.5']);
    assert.match(sip?.comment ?? '', /^\[DH-06\/probe\] What a member sees/u);
  });

  it('lets a balancer whose kernel translates forward to the members what it does not take itself', () => {
    const plan = example('contoso', kernel);
    const balancer = 'lb01.contoso.net';
    const balanced = ['DH-01', 'DH-02', 'DH-04', 'DH-05', 'DH-06'];
    assert.deepEqual(rows(plan, balancer, 'in'), []);
    assert.deepEqual(rows(plan, balancer, 'forward'), balanced);
    assert.deepEqual(
      rows(plan, balancer, 'out').filter((id) => id.includes('/')),
      balanced.map((id) => `${id}/probe`),
    );
    const [first] = rulesOf(ruleSetOf(plan, balancer), 'forward').filter(
      ({ id }) => id === 'DH-06',
    );
    assert.deepEqual(first && formatAddresses(first.match.source), ['127.10.8.11']);
    assert.deepEqual(first && formatAddresses(first.match.destination), [
      '127.10.1.11',
      '127.10.1.12',
    ]);
  });

  it('shows members the clients themselves behind destination NAT', () => {
    const plan = example('contoso', (text) =>
      kernel(text).replace('nat: source', 'nat: destination'),
    );
    const sip = rulesOf(ruleSetOf(plan, 'dir01.contoso.net'), 'in').filter(({ id }) =>
      id.startsWith('DH-06'),
    );
    assert.deepEqual(
      sip.map(({ id, match }) => [id, ...formatAddresses(match.source)]),
      [
        ['DH-06/member', '127.10.8.11'],
        ['DH-06/probe', '127.10.1.5'],
      ],
    );
    assert.ok(!rows(plan, 'edge01.contoso.net', 'out').includes('DH-06/member'));
  });

  it('leads SIP past the VIP of a pool that DNS balances, and log controllers from where they may be', () => {
    const plan = example('dns-balanced');
    assert.ok(rows(plan, 'dir01.tailspintoys.net', 'in').includes('DD-06'));
    assert.ok(!rows(plan, 'lb01.tailspintoys.net', 'in').includes('DD-06'));
    const sources = rulesOf(ruleSetOf(plan, 'dir01.tailspintoys.net'), 'in')
      .filter(({ id }) => id === 'DD-07')
      .flatMap(({ match }) => formatAddresses(match.source));
    assert.ok(sources.includes('127.12.40.0/24'));
    assert.ok(!sources.includes('any'));
  });

  it('knows no legs behind a balancer where there is none', () => {
    const plan = example('single-director');
    assert.ok(
      policyOf(plan).every(({ chains }) =>
        chains.every(({ rules }) => rules.every(({ id }) => !id.includes('/'))),
      ),
    );
    assert.ok(rows(plan, 'dir01.fabrikam.net', 'in').includes('DS-06'));
  });

  it('opens the perimeter to published addresses alone', () => {
    for (const [name, plan] of plans) {
      const set = ruleSetOf(plan, 'perimeter');
      const published = set.zones.find((zone) => zone.name === 'published');
      assert.deepEqual(rows(plan, 'perimeter', 'forward'), ['EX06', 'CL6', 'RP-E1', 'RP-E2'], name);
      for (const { id, match } of rulesOf(set, 'forward')) {
        if (structural.has(id)) continue;
        const elsewhere = subtract(
          match,
          matching({ destination: published?.addresses ?? match.source }),
        );
        assert.deepEqual(elsewhere, [], id);
      }
    }
  });

  it('has the gateway see what goes from one inside zone to another, and nothing else', () => {
    const plan = example('contoso');
    const ids = rows(plan, 'gateway', 'forward');
    assert.ok(ids.includes('DH-06') && ids.includes('DH-03') && ids.includes('IS03b'));
    assert.ok(ids.every((id) => !id.includes('/') && !id.startsWith('RP-E')));
    const { zones } = ruleSetOf(plan, 'gateway');
    for (const [index, { addresses }] of zones.entries()) {
      const others = zones.slice(index + 1).map((zone) => matching({ source: zone.addresses }));
      const own = matching({ source: addresses });
      assert.ok(others.every((other) => isEmpty(intersect(own, other))));
    }
  });

  it('lets IPv6 hosts find their neighbours, in both directions, and IPv4 hosts do without', () => {
    const six = example('contoso', inIPv6);
    for (const direction of ['in', 'out'] as const) {
      assert.ok(idsOf(six, 'dir01.contoso.net', direction).includes('neighbours'));
      assert.ok(!idsOf(example('contoso'), 'dir01.contoso.net', direction).includes('neighbours'));
    }
  });

  it('names the devices there are when asked for another', () => {
    const plan = example('single-director');
    assert.deepEqual(deviceNames(plan).slice(0, 3), ['perimeter', 'gateway', 'dir01.fabrikam.net']);
    assert.throws(
      () => ruleSetOf(plan, 'nowhere.fabrikam.net'),
      (error) =>
        error instanceof UsherError &&
        error.code === 'USHER_UNKNOWN_HOST' &&
        error.remedy.includes('gateway'),
    );
  });

  it('words the reasons in German when asked to', () => {
    const [rule] = rulesOf(ruleSetOf(example('contoso'), 'gateway', { language: 'de' }), 'forward');
    assert.match(rule?.comment ?? '', /zugelassen/u);
  });
});
