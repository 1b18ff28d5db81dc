import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { nextHops } from './hops.ts';
import { loadPlan } from './load.ts';

const contoso = readFileSync('examples/contoso.yaml', 'utf8');

const faultsOf = (text: string) => {
  const loaded = loadPlan(text, 'contoso.yaml');
  return loaded.ok ? [] : loaded.faults;
};

/** Contoso with an IPv6 address, VIP or block beside each of IPv4. */
const both = contoso
  .replaceAll(/network: (127\.(\d+)\.(\d+)\.0\/24)/gu, "network: ['fd00:$2:$3::/64', $1]")
  .replaceAll(/\[(127\.(\d+)\.(\d+)\.0\/\d+)\]/gu, "['fd00:$2:$3::/48', $1]")
  .replaceAll(/(address|vip): (127\.(\d+)\.(\d+)\.(\d+))/gu, "$1: ['fd00:$3:$4::$5', $2]");

const found = (text: string) => faultsOf(text).map(({ code, path }) => [code, path]);

test('a host of another address family than all it talks with is named once, with a row', () => {
  const text = contoso.replace('address: 127.10.8.11', "address: 'fd00::8:11'");
  assert.deepEqual(found(text), [['no-common-family', 'edges.0.address']]);
  const [fault] = faultsOf(text);
  assert.match(fault?.found ?? '', /fd00::8:11, IPv6 alone/u);
  assert.match(fault?.allowed ?? '', /IPv4 one as well: .* row DH-/u);
});

test('with an address of each family it may stay', () => {
  const text = contoso.replace('address: 127.10.8.11', "address: ['fd00::8:11', 127.10.8.11]");
  assert.deepEqual(found(text), []);
});

test('a network of clients of another address family is named', () => {
  assert.deepEqual(found(contoso.replace('[127.30.0.0/16]', "['fd00:30::/64']")), [
    ['no-common-family', 'networks.internalClients'],
  ]);
  assert.deepEqual(
    found(contoso.replace('[127.30.0.0/16]', "['fd00:30::/64', 127.30.0.0/16]")),
    [],
  );
});

test('a flow of the site that no packet can take is named', () => {
  const text = `${contoso}
policy:
  - { name: dns, from: [hosts], to: ['fd00::53'], service: dns, owner: Net, reason: Names. }
`;
  assert.deepEqual(found(text), [['no-common-family', 'policy.0']]);
});

test('a VIP is of no family a member or the balancer has not, for it is passed on in the same', () => {
  const text = contoso
    .replace('network: 127.10.1.0/24', "network: [127.10.1.0/24, 'fd00:1:1::/64']")
    .replace('vip: 127.10.1.10', "vip: [127.10.1.10, 'fd00:1:1::10']")
    .replace('address: 127.10.1.11', "address: [127.10.1.11, 'fd00:1:1::11']");
  assert.deepEqual(found(text), [
    ['family-missing', 'pools.0.members.1.address'],
    ['family-missing', 'balancers.0.address'],
  ]);
  const whole = text
    .replace('address: 127.10.1.12', "address: [127.10.1.12, 'fd00:1:1::12']")
    .replace('address: 127.10.1.5', "address: [127.10.1.5, 'fd00:1:1::5']");
  assert.deepEqual(found(whole), []);
  assert.deepEqual(found(whole.replace("'fd00:1:1::12'", "'fd00:1:2::12'")), [
    ['outside-network', 'pools.0.members.1.address.1'],
  ]);
});

test('servers of both families connect by IPv6, and by IPv4 otherwise; of one, by that', () => {
  const mixed = both
    .replace("['fd00:10:2::12', 127.10.2.12]", '127.10.2.12')
    .replace("['fd00:10:3::11', 127.10.3.11]", "'fd00:10:3::11'");
  assert.deepEqual(found(mixed), [['no-common-family', 'pools.2.members.0.address']]);
  const text = mixed.replace("'fd00:10:3::11'", '127.10.3.11');
  const loaded = loadPlan(text, 'contoso.yaml');
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const hops = (to: string) =>
    nextHops(loaded.plan, 'dir01.contoso.net', to, 'sip').map(({ address, otherwise }) => [
      address,
      otherwise?.address,
    ]);
  assert.deepEqual(hops('fepool01.contoso.net'), [
    ['fd00:10:2::11', '127.10.2.11'],
    ['127.10.2.12', undefined],
  ]);
  assert.deepEqual(
    nextHops(loaded.plan, 'edge01.contoso.net', 'dirpool01.contoso.net', 'sip').map(
      ({ address, name, otherwise }) => [address, name, otherwise?.address, otherwise?.name],
    ),
    [['fd00:10:1::10', 'dirpool01.contoso.net', '127.10.1.10', 'dirpool01.contoso.net']],
  );
});

test('the order in which addresses are written says nothing: IPv6 comes first', () => {
  const written = both;
  const turned = written.replaceAll(/\[('fd00:[^'/]*'), (127[^\]/]*)\]/gu, '[$2, $1]');
  assert.notEqual(turned, written);
  const plans = [written, turned].map((text) => {
    const loaded = loadPlan(text, 'contoso.yaml');
    assert.ok(loaded.ok, JSON.stringify(loaded));
    return loaded.plan;
  });
  assert.deepEqual(plans[0]?.listeners, plans[1]?.listeners);
  assert.deepEqual(plans[0]?.virtualServices, plans[1]?.virtualServices);
});
