import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ManualClock } from '#base';
import { loadPlan, servicePort, type Plan } from '#ports';
import type { Resolver, Srv } from '#sip';
import { proveDns, recordsFor } from './dns.ts';

function planOf(edit: (text: string) => string = (text) => text): Plan {
  const text = edit(readFileSync('examples/contoso.yaml', 'utf8'));
  const loaded = loadPlan(text, 'contoso.yaml');
  assert.ok(loaded.ok);
  return loaded.plan;
}

const plan = planOf();
const [edge] = plan.topology.edges;
const address = edge?.external?.addresses[0] ?? '';
const port = servicePort(plan, 'accessEdge');

function resolverOf(servers: readonly Srv[], addresses: Record<string, string[]>): Resolver {
  return {
    naptr: () => Promise.resolve([]),
    srv: () => Promise.resolve(servers),
    addresses: (name) => Promise.resolve(addresses[name] ?? []),
  };
}

const prove = (resolver: Resolver) => proveDns(plan, resolver, new ManualClock());
const fails = () => Promise.reject(new Error('queryNaptr ESERVFAIL contoso.com'));
const srv = (name: string, at = port): Srv => ({ priority: 0, weight: 0, port: at, name });

describe('the DNS records of a deployment', () => {
  it('lead from every SIP domain to the ports of the Edge, the one firewalls let pass first', () => {
    assert.deepEqual(
      recordsFor(plan).map(({ name, type, data }) => `${name} ${type} ${data}`),
      [
        'contoso.com. NAPTR 10 10 "s" "SIPS+D2T" "" _sips._tcp.contoso.com.',
        `_sips._tcp.contoso.com. SRV 10 10 ${port} sip.contoso.com.`,
        `_sips._tcp.contoso.com. SRV 20 10 ${servicePort(plan, 'accessEdgeAlternate')} sip.contoso.com.`,
        `sip.contoso.com. A ${address}`,
      ],
    );
  });

  it('are A and AAAA where it has both, with the ports once', () => {
    const both = recordsFor(
      planOf((text) => text.replace(address, `['2001:db8::20', ${address}]`)),
    );
    assert.deepEqual(
      both.map(({ type, data }) => `${type} ${data}`).filter((text) => !text.startsWith('NAPTR')),
      [
        `SRV 10 10 ${port} sip.contoso.com.`,
        `SRV 20 10 ${servicePort(plan, 'accessEdgeAlternate')} sip.contoso.com.`,
        'AAAA 2001:db8::20',
        `A ${address}`,
      ],
    );
  });

  it('are AAAA where the outside of the Edge is IPv6', () => {
    const records = recordsFor(planOf((text) => text.replace(address, '2001:db8::20')));
    assert.ok(records.some(({ type, data }) => type === 'AAAA' && data === '2001:db8::20'));
  });
});

describe('the proof of the DNS', () => {
  it('holds where every server is an Edge', async () => {
    const [proof] = await prove(resolverOf([srv('sip.x')], { 'sip.x': [address] }));
    assert.ok(proof?.ok === true && proof.by === 'SRV');
    assert.deepEqual(proof.astray, []);
  });

  it('names every place that is none: another address, or another port of the Edge', async () => {
    const servers = [srv('sip.x'), srv('old.x'), srv('sip.x', 9)];
    const resolver = resolverOf(servers, { 'sip.x': [address], 'old.x': ['192.0.2.1'] });
    const [proof] = await prove(resolver);
    assert.equal(proof?.ok, false);
    const astray = proof.astray.map((place) => `${place.address} ${place.port}`);
    assert.deepEqual(new Set(astray), new Set([`192.0.2.1 ${port}`, `${address} 9`]));
  });

  it('fails where there is nothing, and where the DNS fails, with its reason', async () => {
    const [nothing] = await prove(resolverOf([], {}));
    assert.deepEqual([nothing?.ok, nothing?.places, nothing?.failure], [false, [], undefined]);
    const [failed] = await prove({ naptr: fails, srv: fails, addresses: fails });
    assert.deepEqual([failed?.ok, failed?.failure], [false, 'queryNaptr ESERVFAIL contoso.com']);
  });
});
