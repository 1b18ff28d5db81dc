import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { listenersOf, loadPlan, servicePort, tableRows } from './index.ts';
import type { Plan } from './index.ts';

function example(name: string, change: (text: string) => string = (text) => text): Plan {
  const file = `examples/${name}.yaml`;
  const loaded = loadPlan(change(readFileSync(file, 'utf8')), file);
  assert.ok(loaded.ok, JSON.stringify(loaded, null, 1));
  return loaded.plan;
}

const balancer = 'lb01.tailspintoys.net';
const members = [
  'dir01.tailspintoys.net',
  'dir02.tailspintoys.net',
  'fe01.tailspintoys.net',
  'fe02.tailspintoys.net',
];

const sipProbes = (plan: Plan) =>
  plan.legs.filter(
    (leg) => leg.kind === 'healthProbe' && leg.destination.port === servicePort(plan, 'sip'),
  );

const probedMembers = (plan: Plan) => sipProbes(plan).map((leg) => leg.destination.host);

const sipPeers = (plan: Plan, fqdn: string) =>
  listenersOf(plan, fqdn).find(({ service }) => service === 'sip')?.trustedPeers;

describe('web services behind a VIP whose SIP is balanced by DNS', () => {
  const plan = example('dns-balanced');

  it('have one probe of the SIP service of every member', () => {
    assert.equal(probedMembers(plan).length, members.length);
    assert.deepEqual(new Set(probedMembers(plan)), new Set(members));
    for (const { source } of sipProbes(plan)) assert.equal(source.host, balancer);
  });

  it('have a balancer the SIP listener of every member admits', () => {
    for (const member of members) assert.ok(sipPeers(plan, member)?.includes(balancer), member);
    assert.ok(!sipPeers(plan, 'edge01.tailspintoys.net')?.includes(balancer));
  });

  it('show the probes as rows of their own, from the balancer to the members', () => {
    const rows = tableRows(plan, { all: true }).filter(
      (row) => row.id.endsWith('/probe') && row.application === 'SIP',
    );
    assert.deepEqual(
      rows.map(({ id, source, destination }) => [id, source.hosts, destination.hosts]),
      [
        ['DD-06/probe', [balancer], members.slice(0, 2)],
        ['DD-P2/probe', [balancer], members.slice(2)],
      ],
    );
  });

  it('leave out a Front End of another make: it has no web services of ours', () => {
    const other = example('dns-balanced', (text) =>
      text.replace(
        '{ fqdn: fe02.tailspintoys.net, address: 127.12.2.12 }',
        '{ fqdn: fe02.tailspintoys.net, address: 127.12.2.12, software: other }',
      ),
    );
    assert.deepEqual(new Set(probedMembers(other)), new Set(members.slice(0, 3)));
    assert.ok(!sipPeers(other, 'fe02.tailspintoys.net')?.includes(balancer));
  });

  it('without a VIP there is nothing to follow and nothing is probed', () => {
    const probed = new Set(probedMembers(example('contoso')));
    assert.deepEqual(probed, new Set(['dir01.contoso.net', 'dir02.contoso.net']));
  });
});
