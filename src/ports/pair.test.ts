import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { findHost } from '#topology';
import { listenersOf, loadPlan, servicePort, tableRows, virtualServicesOf } from './index.ts';

const text = readFileSync('examples/contoso.yaml', 'utf8')
  .replace(/^ {4}balancer: .*$/mu, '    balancer: lb01.contoso.net\n    standby: lb02.contoso.net')
  .replace('engine: embedded', 'engine: haproxy')
  .replace('balancers:\n', 'balancers:\n  - { fqdn: lb02.contoso.net, address: 127.10.1.6 }\n');
const loaded = loadPlan(text, 'pair.yaml');
assert.ok(loaded.ok, JSON.stringify(loaded));
const { plan } = loaded;
const [balancer, standby] = ['lb01.contoso.net', 'lb02.contoso.net'];

describe('two balancers with one VIP', () => {
  it('serve the same virtual services', () => {
    assert.equal(plan.virtualServices.length, 5);
    assert.deepEqual(virtualServicesOf(plan, balancer), plan.virtualServices);
    assert.deepEqual(virtualServicesOf(plan, standby.toUpperCase()), plan.virtualServices);
  });

  it('both take what clients send to the VIP, and both reach and probe the members', () => {
    const legs = plan.legs.filter(({ flow }) => flow === 'DH-06');
    const of = (kind: string, end: 'source' | 'destination') =>
      new Set(legs.filter((leg) => leg.kind === kind).map((leg) => leg[end].host));
    assert.deepEqual(of('clientToVip', 'destination'), new Set([balancer, standby]));
    assert.deepEqual(of('balancerToMember', 'source'), new Set([balancer, standby]));
    assert.deepEqual(of('healthProbe', 'source'), new Set([balancer, standby]));
    const row = tableRows(plan, { all: true }).find(({ id }) => id === 'DH-06/probe');
    assert.deepEqual(row?.source, {
      role: 'balancer',
      hosts: [balancer, standby],
      addresses: ['127.10.1.5', '127.10.1.6'],
    });
  });

  it('are believed by the members, which they probe', () => {
    const sip = listenersOf(plan, 'dir01.contoso.net').find(({ service }) => service === 'sip');
    assert.equal(sip?.port, servicePort(plan, 'sip'));
    assert.ok(sip.trustedPeers.includes(balancer) && sip.trustedPeers.includes(standby));
  });

  it('tell each other their affinity where HAProxy carries the VIP, and where the kernel does not', () => {
    const row = plan.flows.find(({ id }) => id === 'LB01');
    assert.equal(row?.security, 'MTLS');
    assert.deepEqual(row.source.hosts, [balancer, standby]);
    assert.deepEqual(row.destination.hosts, [balancer, standby]);
    for (const [host, other] of [
      [balancer, standby],
      [standby, balancer],
    ] as const) {
      const [listener] = listenersOf(plan, host);
      assert.equal(listener?.service, 'affinityExchange');
      assert.deepEqual([listener.address], findHost(plan.topology, host)?.addresses);
      assert.ok(listener.trustedPeers.includes(other) && !listener.anonymousClients);
    }
    const kernel = loadPlan(text.replace('engine: haproxy', 'engine: nftables'), 'pair.yaml');
    assert.ok(kernel.ok);
    assert.ok(kernel.plan.flows.every(({ id }) => id !== 'LB01'));
  });
});
