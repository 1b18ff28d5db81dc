import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadPlan } from '#ports';
import type { Plan } from '#ports';
import { audit } from '../audit/index.ts';
import { formatAddresses } from '../model/index.ts';
import type { Rule, RuleSet } from '../model/index.ts';
import { expiringFlows, locksOut, planOn, policyOf, ruleSetOf } from './index.ts';

const section = `
policy:
  - name: ssh
    from: [administration]
    to: [hosts]
    service: ssh
    owner: Server team
    reason: Administration of the servers.
  - { name: dns, from: [hosts], to: [127.50.0.53], service: dns, owner: Network team, reason: Names. }
  - name: monitoring
    from: [127.50.0.60]
    to: [fepool01.contoso.net]
    ports: [9100, 9200-9209]
    owner: noc@contoso.com
    reason: Monitoring.
    expires: 2027-06-30
  - { name: stun, from: [any], to: [127.20.0.11], protocol: udp, ports: [3478], owner: noc, reason: Media. }
`;

function planWith(more: string): Plan {
  const file = 'examples/contoso.yaml';
  const loaded = loadPlan(readFileSync(file, 'utf8') + more, file);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.plan;
}

const plan = planWith(section);
const siteRulesOf = (set: RuleSet, direction: string): readonly Rule[] =>
  set.chains
    .filter((chain) => chain.direction === direction)
    .flatMap(({ rules }) => rules.filter(({ id }) => id.startsWith('SITE-')));
const words = ({ id, match }: Rule): string =>
  `${id} ${formatAddresses(match.source).join()} > ${formatAddresses(match.destination).join()} ` +
  match.destinationPort.map(({ from, until }) => `${from}-${until - 1}`).join();

describe('the flows of the site', () => {
  it('come to a host and set out from it as the topology says, with row, reason and owner', () => {
    const host = ruleSetOf(plan, 'fe01.contoso.net');
    assert.deepEqual(siteRulesOf(host, 'in').map(words), [
      'SITE-ssh 127.40.0.0/24 > 127.10.2.11 22-22',
      'SITE-monitoring 127.50.0.60 > 127.10.2.11 9100-9100,9200-9209',
    ]);
    assert.deepEqual(siteRulesOf(host, 'out').map(words), [
      'SITE-dns 127.10.2.11 > 127.50.0.53 53-53',
      'SITE-dns 127.10.2.11 > 127.50.0.53 53-53',
      // Anybody is everybody, our own hosts included.
      'SITE-stun 127.10.2.11 > 127.20.0.11 3478-3478',
    ]);
    const comments = siteRulesOf(host, 'in').map(({ comment }) => comment);
    assert.deepEqual(comments, [
      'Administration of the servers. (Server team)',
      'Monitoring. (noc@contoso.com, 2027-06-30)',
    ]);
  });

  it('pass the firewall that stands between their ends, and the other one not', () => {
    const gateway = siteRulesOf(ruleSetOf(plan, 'gateway'), 'forward').map(words);
    assert.ok(gateway.includes('SITE-ssh 127.40.0.0/24 > 127.10.3.11 22-22'));
    assert.ok(
      gateway.includes('SITE-monitoring 127.50.0.60 > 127.10.2.11,127.10.2.12 9100-9100,9200-9209'),
    );
    assert.ok(
      gateway.some((line) => line.startsWith('SITE-dns') && line.includes('> 127.50.0.53')),
    );
    assert.ok(!gateway.some((line) => line.startsWith('SITE-stun')));
    const perimeter = siteRulesOf(ruleSetOf(plan, 'perimeter'), 'forward').map(words);
    assert.deepEqual(
      perimeter.map((line) => line.replace(/ .*>/u, ' >')),
      ['SITE-stun > 127.20.0.11 3478-3478'],
    );
  });

  it('add nothing where there are none', () => {
    const bare = planWith('');
    for (const set of policyOf(bare)) {
      assert.deepEqual(siteRulesOf(set, 'in').concat(siteRulesOf(set, 'forward')), []);
    }
  });

  it('end with their last day: the rules are left out, and the audit finds them in excess', () => {
    const last = ruleSetOf(plan, 'fe01.contoso.net', { today: '2027-06-30' });
    const after = ruleSetOf(plan, 'fe01.contoso.net', { today: '2027-07-01' });
    assert.deepEqual(ruleSetOf(planOn(plan, '2027-06-30'), 'fe01.contoso.net'), last);
    assert.deepEqual(ruleSetOf(planOn(plan, '2027-07-01'), 'fe01.contoso.net'), after);
    assert.ok(siteRulesOf(last, 'in').some(({ id }) => id === 'SITE-monitoring'));
    assert.ok(!siteRulesOf(after, 'in').some(({ id }) => id === 'SITE-monitoring'));
    assert.deepEqual(
      audit(after, last).excess.map(({ rule, narrowed }) => [rule?.id, narrowed]),
      [['SITE-monitoring', []]],
    );
    assert.deepEqual(
      expiringFlows(plan, '2027-05-31').map(({ days }) => days),
      [],
    );
    assert.deepEqual(
      expiringFlows(plan, '2027-06-01').map(({ days }) => days),
      [30],
    );
    assert.deepEqual(
      expiringFlows(plan, '2027-07-02').map(({ row, days }) => [row, days]),
      [['SITE-monitoring', -1]],
    );
  });

  it('tell whether anybody can administer a host under its rules', () => {
    assert.ok(locksOut(ruleSetOf(planWith(''), 'fe01.contoso.net')));
    assert.ok(!locksOut(ruleSetOf(plan, 'fe01.contoso.net')));
    assert.ok(!locksOut(ruleSetOf(planWith(''), 'gateway')));
    const other = planWith(
      section.replace('to: [hosts]\n    service', 'to: [edge01.contoso.net]\n    service'),
    );
    assert.ok(locksOut(ruleSetOf(other, 'fe01.contoso.net')));
    assert.ok(!locksOut(ruleSetOf(other, 'edge01.contoso.net')));
  });
});
