import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadPlan, type Flow } from '#ports';
import { canTalk, goalsOf, isLocal, vantagesOf } from './vantage.ts';

const file = 'examples/contoso.yaml';
const loaded = loadPlan(readFileSync(file, 'utf8'), file, {});
assert.ok(loaded.ok);
const { plan } = loaded;

function row(id: string): Flow {
  const flow = plan.flows.find((each) => each.id === id);
  assert.ok(flow, id);
  return flow;
}

test('a row that starts at servers is probed from each of them, with its certificate', () => {
  assert.deepEqual(vantagesOf(plan, row('DH-03'), 'lb01.contoso.net'), [
    { name: 'dir01.contoso.net', address: '127.10.1.11', identity: 'dir01.contoso.net' },
    { name: 'dir02.contoso.net', address: '127.10.1.12', identity: 'dir02.contoso.net' },
  ]);
});

test('internal clients are played from the first address of their network, without a certificate', () => {
  assert.deepEqual(vantagesOf(plan, row('DH-05'), 'lb01.contoso.net'), [
    { name: 'internalClient', address: '127.30.0.1', identity: undefined },
  ]);
});

test('a log controller shows the certificate of the host it is played on', () => {
  const [only, ...others] = vantagesOf(plan, row('DH-08'), 'lb01.contoso.net');
  assert.equal(only?.identity, 'lb01.contoso.net');
  assert.deepEqual(others, []);
});

test('a balanced row ends at the VIP, which has to prove the pool', () => {
  const goals = goalsOf(plan, row('DH-06'));
  assert.deepEqual(
    goals.map(({ address, name, pool }) => [address, name, pool]),
    [['127.10.1.10', 'dirpool01.contoso.net', 'dirpool01.contoso.net']],
  );
});

test('any other row ends at every server, each of which has to prove itself', () => {
  const goals = goalsOf(plan, row('DH-03'));
  assert.deepEqual(
    goals.map(({ name, pool }) => [name, pool]),
    [
      ['fe01.contoso.net', 'fepool01.contoso.net'],
      ['fe02.contoso.net', 'fepool01.contoso.net'],
      ['fe03.contoso.net', 'fepool02.contoso.net'],
    ],
  );
});

test('remote users ask the Edge outside, by its public name', () => {
  const [goal] = goalsOf(plan, row('EX06'));
  assert.deepEqual([goal?.address, goal?.name], ['127.20.0.11', 'sip.contoso.com']);
});

test('every flow of the reference deployment has a beginning and an end on this machine', () => {
  for (const flow of plan.flows) {
    const ends = [...vantagesOf(plan, flow, 'lb01.contoso.net'), ...goalsOf(plan, flow)];
    assert.ok(ends.length >= 2, flow.id);
    for (const { address } of ends) assert.ok(address === undefined || isLocal(address), flow.id);
  }
});

test('an address of documentation is not on this machine', () => {
  assert.ok(!isLocal('192.0.2.1'));
  assert.ok(isLocal('127.99.1.1'));
});

test('in both families a row is probed from each address to each of its family', () => {
  const text = readFileSync('examples/two-sites.yaml', 'utf8');
  const both = loadPlan(text, 'two-sites.yaml', {});
  assert.ok(both.ok, JSON.stringify(both));
  const probes = (id: string): readonly string[] => {
    const flow = both.plan.flows.find((each) => each.id === id);
    assert.ok(flow, id);
    return vantagesOf(both.plan, flow, 'lb01.fabrikam.net').flatMap((vantage) =>
      goalsOf(both.plan, flow)
        .filter((goal) => canTalk(vantage, goal))
        .map((goal) => `${vantage.address ?? 'any'} ${goal.address}`),
    );
  };
  assert.deepEqual(probes('DH-06'), ['fd5e:1:8::11 fd5e:1:1::10', '10.1.8.11 10.1.1.10']);
  // Clients are played from wherever the kernel likes, once in each family.
  assert.deepEqual(probes('DH-05'), ['any fd5e:1:1::10', 'any 10.1.1.10']);
  assert.deepEqual(probes('EX06'), [
    'any 2001:db8:1:20::11',
    'any 198.51.100.11',
    'any 2001:db8:2:20::11',
    'any 203.0.113.11',
  ]);
});
