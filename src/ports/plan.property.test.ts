import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { familyOf, findHost, hostsOf, runsUsher } from '#topology';
import { listenersOf, loadPlan, nextHops } from './index.ts';
import type { Plan } from './index.ts';

type Balancing = 'none' | 'dns' | 'hardware';

interface PoolShape {
  readonly balancing: Balancing;
  readonly size: number;
  readonly withVip: boolean;
  /** How many members of a Front End pool are of another make. */
  readonly foreign: number;
}

const shape = (most: number): fc.Arbitrary<PoolShape> =>
  fc.constantFrom<Balancing>('none', 'dns', 'hardware').chain((balancing) =>
    fc.record({
      balancing: fc.constant(balancing),
      size: fc.integer({ min: 1, max: balancing === 'none' ? 1 : most }),
      withVip: fc.boolean(),
      foreign: fc.nat({ max: 3 }),
    }),
  );

/** The file entry of one pool; its network is 10.<index>.<role>.0/24. */
function poolEntry(
  kind: 'director' | 'frontEnd',
  { balancing, size, withVip, foreign }: PoolShape,
  index: number,
) {
  const block = `10.${index}.${kind === 'director' ? 1 : 2}`;
  const name = `${kind.toLowerCase()}${index}`;
  const vip = balancing === 'hardware' || (balancing === 'dns' && (kind === 'director' || withVip));
  return {
    fqdn: `${name}.example.net`,
    role: kind,
    loadBalancing: balancing,
    network: `${block}.0/24`,
    ...(vip ? { vip: `${block}.10`, balancer: 'lb.example.net' } : {}),
    web: { internal: `int-${name}.example.net`, external: `ext-${name}.example.com` },
    members: Array.from({ length: size }, (_, member) => ({
      fqdn: `m${member}-${name}.example.net`,
      address: `${block}.${11 + member}`,
      ...(kind === 'frontEnd' && member < foreign ? { software: 'other' } : {}),
    })),
  };
}

const files = fc
  .record({
    directors: fc.array(shape(10), { maxLength: 3 }),
    frontEnds: fc.array(shape(12), { minLength: 1, maxLength: 3 }),
    edges: fc.array(fc.nat(), { maxLength: 2 }),
    proxies: fc.nat({ max: 2 }),
    options: fc.record({
      internalClientsSignInAtDirector: fc.boolean(),
      loggingFromAdministrationOnly: fc.boolean(),
      interServerToDirector: fc.boolean(),
    }),
    ports: fc.record(
      { sip: fc.constantFrom(5061, 5071), webExternal: fc.constantFrom(4443, 14_443) },
      { requiredKeys: [] },
    ),
  })
  .map(({ directors, frontEnds, edges, proxies, options, ports }) => {
    const first = directors.map((pool, index) => poolEntry('director', pool, index));
    const second = frontEnds.map((pool, index) => poolEntry('frontEnd', pool, index));
    const targets = first.length > 0 ? first : second;
    return {
      sipDomains: ['example.com'],
      networks: { internalClients: ['10.200.0.0/16'], administration: ['10.201.0.0/24'] },
      pools: [...first, ...second],
      edges: edges.map((choice, index) => ({
        fqdn: `edge${index}.example.net`,
        address: `10.8.8.${11 + index}`,
        nextHop: targets[choice % targets.length]?.fqdn,
        external: { address: `203.0.113.${11 + index}`, fqdns: ['sip.example.com'] },
      })),
      reverseProxies: Array.from({ length: proxies }, (_, index) => ({
        fqdn: `rp${index}.example.net`,
        address: `10.9.9.${11 + index}`,
        external: { address: `203.0.113.${51 + index}` },
      })),
      balancers: [{ fqdn: 'lb.example.net', address: '10.250.0.5' }],
      options,
      ports,
    };
  });

/** With an IPv6 address, VIP or block beside each of IPv4. */
function inBoth(json: string): string {
  return json
    .replaceAll(
      /"(address|vip)":"(\d+)\.(\d+)\.(\d+)\.(\d+)"/gu,
      '"$1":["$2.$3.$4.$5","fd00:$2:$3:$4::$5"]',
    )
    .replaceAll(
      /"network":"(\d+)\.(\d+)\.(\d+)\.0\/24"/gu,
      '"network":["fd00:$1:$2:$3::/64","$1.$2.$3.0/24"]',
    )
    .replaceAll(/"(\d+)\.(\d+)\.0\.0\/(?:16|24)"/gu, '$&,"fd00:$1:$2::/48"');
}

/** Checks a property of the plan of every generated topology, in one family and in both; JSON is YAML. */
function forEveryPlan(check: (plan: Plan) => void): void {
  fc.assert(
    fc.property(files, fc.boolean(), (file, both) => {
      const text = JSON.stringify(file);
      const loaded = loadPlan(both ? inBoth(text) : text, 'generated.yaml');
      assert.ok(loaded.ok, JSON.stringify(loaded));
      check(loaded.plan);
    }),
    { numRuns: 30 },
  );
}

const key = (address: string, port: number): string => `${address} ${port}`;

describe('in every topology', () => {
  it('no two sockets share an address and port', () => {
    forEveryPlan((plan) => {
      const sockets = [...plan.listeners, ...plan.virtualServices];
      const keys = sockets.map(({ address, port }) => key(address, port));
      assert.equal(new Set(keys).size, keys.length);
    });
  });

  it('every flow ends at a listener or a virtual service, at every address it names', () => {
    forEveryPlan((plan) => {
      const open = new Set(
        [...plan.listeners, ...plan.virtualServices].map(({ address, port }) => key(address, port)),
      );
      for (const flow of plan.flows) {
        for (const address of flow.destination.addresses) {
          assert.ok(open.has(key(address, flow.port)), `${flow.id} at ${address}`);
        }
      }
    });
  });

  it('every listener and every virtual service has a flow', () => {
    forEveryPlan((plan) => {
      for (const socket of [...plan.listeners, ...plan.virtualServices]) {
        assert.ok(socket.flows.length > 0);
        for (const flow of socket.flows) assert.equal(flow.port, socket.port);
      }
    });
  });

  it('every virtual service has a listener at each of its members', () => {
    forEveryPlan((plan) => {
      const open = new Set(plan.listeners.map(({ address, port }) => key(address, port)));
      for (const { members } of plan.virtualServices) {
        for (const { address, port } of members) assert.ok(open.has(key(address, port)));
      }
    });
  });

  it('a member of another make speaks SIP with servers and opens nothing else', () => {
    forEveryPlan((plan) => {
      for (const { fqdn } of hostsOf(plan.topology).filter((host) => !runsUsher(host))) {
        for (const { service, security, anonymousClients } of listenersOf(plan, fqdn)) {
          assert.deepEqual([service, security, anonymousClients], ['sip', 'MTLS', false]);
        }
        for (const { members } of plan.virtualServices) {
          assert.ok(members.every(({ host }) => host !== fqdn));
        }
      }
    });
  });

  it('row ids are unique and every trusted peer is a host', () => {
    forEveryPlan((plan) => {
      const ids = plan.flows.map((flow) => flow.id);
      assert.equal(new Set(ids).size, ids.length);
      for (const { trustedPeers, security } of plan.listeners) {
        if (security !== 'MTLS') assert.deepEqual(trustedPeers, []);
        for (const peer of trustedPeers) assert.ok(findHost(plan.topology, peer));
      }
    });
  });

  it('log collection never goes to a VIP', () => {
    forEveryPlan((plan) => {
      for (const flow of plan.flows.filter((row) => row.application === 'CLS')) {
        assert.equal(flow.destination.via, 'member');
      }
    });
  });

  it('every leg ends at a socket, and comes from the sources of its flow or from a balancer', () => {
    forEveryPlan((plan) => {
      const open = new Set(
        [...plan.listeners, ...plan.virtualServices].map(({ address, port }) => key(address, port)),
      );
      const flows = new Map(plan.flows.map((flow) => [flow.id, flow]));
      for (const { flow: id, kind, source, destination } of plan.legs) {
        assert.ok(open.has(key(destination.address, destination.port)));
        const flow = flows.get(id);
        assert.ok(flow);
        if (kind === 'balancerToMember' || kind === 'healthProbe') {
          assert.equal(findHost(plan.topology, source.host ?? '')?.role, 'balancer');
        } else {
          for (const address of source.addresses)
            assert.ok(flow.source.addresses.includes(address));
        }
      }
    });
  });

  it('next hops agree with the flows and with what the peer admits', () => {
    forEveryPlan((plan) => {
      const sockets = [...plan.listeners, ...plan.virtualServices];
      for (const flow of plan.flows) {
        const [from] = flow.source.hosts;
        const to = flow.destination.pool ?? flow.destination.hosts.find((host) => host !== from);
        if (from === undefined || to === undefined || from === to) continue;
        if (plan.topology.pools.every((pool) => pool.fqdn !== to || pool.members.length > 1)) {
          for (const hop of nextHops(plan, from, to, flow.service)) {
            const socket = sockets.find(
              ({ address, port }) => address === hop.address && port === hop.port,
            );
            assert.ok(socket, `${from} → ${to}`);
            if (hop.host === undefined || flow.security !== 'MTLS') continue;
            const listener = plan.listeners.find(
              ({ address, port }) => address === hop.address && port === hop.port,
            );
            assert.ok(listener?.trustedPeers.includes(from), `${hop.host} admits ${from}`);
          }
        }
      }
    });
  });

  it('hosts are found by name, whatever its case', () => {
    forEveryPlan((plan) => {
      for (const host of hostsOf(plan.topology)) {
        assert.equal(findHost(plan.topology, host.fqdn.toUpperCase()), host);
      }
    });
  });

  it('every leg and every way of a hop is of one address family', () => {
    forEveryPlan((plan) => {
      for (const { source, destination } of plan.legs) {
        const families = new Set(source.addresses.flatMap((text) => familyOf(text) ?? []));
        families.add(familyOf(destination.address) ?? 4);
        assert.equal(families.size, 1, `${source.addresses.join()} → ${destination.address}`);
      }
      for (const { address, members } of plan.virtualServices)
        for (const member of members) assert.equal(familyOf(member.address), familyOf(address));
    });
  });

  it('a row that both families lead to is in the legs of both', () => {
    forEveryPlan((plan) => {
      for (const flow of plan.flows) {
        const legs = plan.legs.filter((leg) => leg.flow === flow.id && leg.kind !== 'healthProbe');
        const asked = new Set(legs.map(({ destination }) => familyOf(destination.address)));
        const named = new Set(flow.destination.addresses.map(familyOf));
        // A server alone in its row talks with nobody.
        if (legs.length > 0) assert.deepEqual(asked, named, flow.id);
      }
    });
  });
});
