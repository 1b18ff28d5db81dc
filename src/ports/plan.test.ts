import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { UsherError } from '#base';
import {
  listenersOf,
  loadPlan,
  nextHops,
  servicePort,
  tableRows,
  virtualServicesOf,
} from './index.ts';
import type { Flow, Plan } from './index.ts';

function load(text: string, file: string, portOffset = 0): Plan {
  const loaded = loadPlan(text, file, { portOffset });
  assert.ok(loaded.ok, JSON.stringify(loaded, null, 1));
  return loaded.plan;
}

function example(name: string, change: (text: string) => string = (text) => text): Plan {
  const file = `examples/${name}.yaml`;
  return load(change(readFileSync(file, 'utf8')), file);
}

const contoso = example('contoso');
const withOptions = example('contoso', (text) => text.replaceAll(': false', ': true'));

const ofOrigin = (plan: Plan, origin: Flow['origin']) =>
  plan.flows.filter((flow) => flow.origin === origin);

/** `id application security port source → destination` of each flow, addresses included. */
const lines = (flows: readonly Flow[]): string[] =>
  flows.map((flow) =>
    [
      flow.id,
      flow.application,
      flow.security,
      flow.port,
      `${flow.source.role}${flow.source.interface === undefined ? '' : `.${flow.source.interface}`}`,
      flow.source.addresses.join(','),
      '→',
      `${flow.destination.role}.${flow.destination.via ?? ''}`,
      flow.destination.addresses.join(','),
    ].join(' '),
  );

const directors = '127.10.1.11,127.10.1.12';
const frontEnds = '127.10.2.11,127.10.2.12,127.10.3.11';

const socketsOf = (fqdn: string) =>
  listenersOf(contoso, fqdn).map((listener) => `${listener.address}:${listener.port}`);

const listenerOf = (plan: Plan, fqdn: string, service: string) =>
  listenersOf(plan, fqdn).find((listener) => listener.service === service);

const peersOfFrontEnd = (service: string) =>
  listenerOf(contoso, 'fe01.contoso.net', service)?.trustedPeers;

/** The hosts the members of the Director pool see SIP of remote users come from. */
const seenByMembers = (plan: Plan) =>
  plan.legs
    .filter((leg) => leg.flow === 'DH-06' && leg.kind === 'balancerToMember')
    .map((leg) => leg.source.host);

/** Ids of the rows that end at a host. */
const rowsAt = (plan: Plan, fqdn: string) =>
  plan.flows.filter((flow) => flow.destination.hosts.includes(fqdn)).map((flow) => flow.id);

const portsOf = (plan: Plan) => plan.listeners.map((listener) => listener.port);

describe('the port summary of the scaled pool with hardware balancing', () => {
  it('has exactly the nine rows of the reference, in its order', () => {
    assert.deepEqual(lines(ofOrigin(contoso, 'table')), [
      'DH-01 HTTP none 8080 reverseProxy.internal 127.10.9.11 → director.vip 127.10.1.10',
      'DH-02 HTTPS TLS 4443 reverseProxy.internal 127.10.9.11 → director.vip 127.10.1.10',
      `DH-03 HTTPS MTLS 444 director ${directors} → frontEnd.member ${frontEnds}`,
      'DH-04 HTTP none 80 internalClient 127.30.0.0/16 → director.vip 127.10.1.10',
      'DH-05 HTTPS TLS 443 internalClient 127.30.0.0/16 → director.vip 127.10.1.10',
      'DH-06 SIP MTLS 5061 edge.internal 127.10.8.11 → director.vip 127.10.1.10',
      `DH-07 CLS MTLS 50001 any any → director.member ${directors}`,
      `DH-08 CLS MTLS 50002 any any → director.member ${directors}`,
      `DH-09 CLS MTLS 50003 any any → director.member ${directors}`,
    ]);
  });

  it('has the rows its text names', () => {
    assert.deepEqual(lines(ofOrigin(contoso, 'prose')), [
      `DH-P1 SIP MTLS 5061 directorOrFrontEnd ${directors},${frontEnds} → edge.member 127.10.8.11`,
      `DH-P2 SIP MTLS 5061 edge.internal 127.10.8.11 → frontEnd.member ${frontEnds}`,
      `DH-P3a HTTP none 8080 reverseProxy.internal 127.10.9.11 → frontEnd.member ${frontEnds}`,
      `DH-P3b HTTPS TLS 4443 reverseProxy.internal 127.10.9.11 → frontEnd.member ${frontEnds}`,
    ]);
  });

  it('has no optional flow unless the topology switches it on', () => {
    assert.deepEqual(ofOrigin(contoso, 'option'), []);
    assert.deepEqual(lines(ofOrigin(withOptions, 'option')), [
      'IS37 SIP TLS 5061 internalClient 127.30.0.0/16 → director.vip 127.10.1.10',
      `IS34 HTTPS MTLS 444 frontEnd ${frontEnds} → director.vip 127.10.1.10`,
    ]);
  });

  it('lets trusted peers in at the VIP, each proving its name', () => {
    const plan = example('contoso', (text) =>
      text.replace(
        '\nbalancers:',
        '\ntrustedPeers:\n  - { fqdn: gw01.contoso.net, address: 127.10.7.11 }\nbalancers:',
      ),
    );
    assert.deepEqual(lines(ofOrigin(plan, 'option')), [
      'TP01 SIP MTLS 5061 trustedPeer 127.10.7.11 → director.vip 127.10.1.10',
    ]);
    const members = plan.listeners.filter(
      ({ host, service }) => service === 'sip' && host.startsWith('dir'),
    );
    assert.ok(members.every(({ trustedPeers }) => trustedPeers.includes('gw01.contoso.net')));
  });

  it('takes log commands from administrators and hosts only when the topology says so', () => {
    const row = withOptions.flows.find((flow) => flow.id === 'DH-07');
    assert.equal(row?.source.role, 'logController');
    assert.ok(row.source.addresses.includes('127.40.0.0/24'));
    assert.ok(row.source.addresses.includes('127.10.9.11'));
    assert.ok(!row.source.addresses.includes('any'));
  });
});

describe('the sibling summaries', () => {
  it('lead to the Director itself where there is one, log collection included (C2)', () => {
    const single = example('single-director');
    assert.deepEqual(
      ofOrigin(single, 'table').map((flow) => flow.id),
      ['DS-01', 'DS-02', 'DS-03', 'DS-04', 'DS-05', 'DS-06', 'DS-07', 'DS-08', 'DS-09'],
    );
    for (const flow of ofOrigin(single, 'table').filter((row) => row.id !== 'DS-03')) {
      assert.deepEqual(flow.destination.addresses, ['127.11.1.11'], flow.id);
    }
    assert.deepEqual(single.virtualServices, []);
  });

  it('lead SIP to the members and web traffic to the VIP with DNS balancing', () => {
    const dns = example('dns-balanced');
    const destination = (id: string) => dns.flows.find((flow) => flow.id === id)?.destination;
    assert.equal(destination('DD-01')?.via, 'vip');
    assert.equal(destination('DD-05')?.via, 'vip');
    assert.equal(destination('DD-06')?.via, 'member');
    assert.deepEqual(destination('DD-06')?.addresses, ['127.12.1.11', '127.12.1.12']);
    assert.deepEqual(destination('DD-P3b')?.addresses, ['127.12.2.10']);
  });

  it('keep the rows of the text when there is no Director', () => {
    const text = `sipDomains: [contoso.com]
networks: { internalClients: [10.30.0.0/16] }
pools:
  - fqdn: fe01.contoso.net
    role: frontEnd
    loadBalancing: none
    web: { internal: fe01.contoso.net, external: web.contoso.com }
    members: [{ fqdn: fe01.contoso.net, address: 10.1.2.11 }]
edges:
  - fqdn: edge01.contoso.net
    address: 10.1.8.11
    nextHop: fe01.contoso.net
    external: { address: 203.0.113.11, fqdns: [sip.contoso.com] }
reverseProxies:
  - { fqdn: rp01.contoso.net, address: 10.1.9.11, external: { address: 203.0.113.21 } }
`;
    const plan = load(text, 'no-director.yaml');
    assert.deepEqual(
      tableRows(plan, { all: false }).map((row) => row.id),
      ['FE-P1', 'FE-P2', 'FE-P3a', 'FE-P3b'],
    );
    assert.equal(nextHops(plan, 'edge01.contoso.net', 'fe01.contoso.net', 'sip').length, 1);
  });

  it('name the pool in the ids of a second Director pool', () => {
    const second = example('contoso', (text) =>
      text.replace(
        'edges:',
        `  - fqdn: dirpool02.contoso.net
    role: director
    loadBalancing: hardware
    vip: 127.10.4.10
    balancer: lb01.contoso.net
    web: { internal: dirpool02.contoso.net, external: webdirext2.contoso.com }
    members: [{ fqdn: dir03.contoso.net, address: 127.10.4.11 }]
edges:`,
      ),
    );
    const ids = second.flows.map((flow) => flow.id);
    assert.ok(ids.includes('DH-01') && ids.includes('DH-01@dirpool02.contoso.net'));
    // No Edge leads there, so nothing may come from one.
    assert.ok(!ids.includes('DH-06@dirpool02.contoso.net'));
    assert.equal(new Set(ids).size, ids.length);
  });
});

describe('the sockets of a host', () => {
  it('are those its flows ask for', () => {
    assert.deepEqual(
      socketsOf('dir01.contoso.net'),
      [80, 443, 8080, 4443, 5061, 50_001, 50_002, 50_003].map((port) => `127.10.1.11:${port}`),
    );
    assert.deepEqual(socketsOf('rp01.contoso.net'), ['127.20.0.21:80', '127.20.0.21:443']);
    assert.deepEqual(socketsOf('edge01.contoso.net'), [
      '127.10.8.11:5061',
      '127.20.0.11:443',
      '127.20.0.11:5061',
      '127.10.8.11:50001',
      '127.10.8.11:50002',
      '127.10.8.11:50003',
    ]);
    assert.deepEqual(socketsOf('lb01.contoso.net'), [], 'a balancer has virtual services instead');
  });

  it('admit the servers their flows come from, and the balancer that probes them', () => {
    assert.deepEqual(listenerOf(contoso, 'dir01.contoso.net', 'sip')?.trustedPeers, [
      'edge01.contoso.net',
      'lb01.contoso.net',
    ]);
    assert.equal(listenerOf(contoso, 'dir01.contoso.net', 'sip')?.anonymousClients, false);
    assert.equal(listenerOf(withOptions, 'dir01.contoso.net', 'sip')?.anonymousClients, true);
    assert.equal(listenerOf(withOptions, 'dir01.contoso.net', 'sip')?.security, 'MTLS');
    const home = listenerOf(contoso, 'fe01.contoso.net', 'sip');
    assert.equal(home?.anonymousClients, true);
    assert.ok(home.trustedPeers.includes('dir02.contoso.net'));
    assert.ok(!home.trustedPeers.includes('rp01.contoso.net'));
  });

  it('admit every host to log collection, and Directors only to the inter-server service', () => {
    assert.equal(peersOfFrontEnd('logControl')?.length, 8);
    assert.deepEqual(peersOfFrontEnd('interServer'), ['dir01.contoso.net', 'dir02.contoso.net']);
    assert.deepEqual(peersOfFrontEnd('webInternal'), []);
  });
});

describe('the VIP', () => {
  it('serves the five balanced ports and never log collection', () => {
    const services = virtualServicesOf(contoso, 'LB01.contoso.net');
    assert.deepEqual(
      services.map(({ port, affinity }) => `${port} ${affinity}`),
      ['80 source', '443 source', '8080 none', '4443 none', '5061 none'],
    );
    for (const { members, idleTimeout } of services) {
      assert.deepEqual(
        members.map((member) => member.host),
        ['dir01.contoso.net', 'dir02.contoso.net'],
      );
      assert.equal(idleTimeout, 1800);
    }
  });

  it('is seen as the balancer by the members, unless the address of the client is kept', () => {
    const kept = example('contoso', (text) =>
      text
        .replace('engine: embedded', 'engine: nftables')
        .replace('nat: source', 'nat: destination'),
    );
    assert.deepEqual(seenByMembers(contoso), ['lb01.contoso.net', 'lb01.contoso.net']);
    assert.deepEqual(seenByMembers(kept), ['edge01.contoso.net', 'edge01.contoso.net']);
  });

  it('shows its legs and probes in the full table only', () => {
    const all = tableRows(contoso, { all: true }).map((row) => row.id);
    assert.ok(all.includes('DH-06/member') && all.includes('DH-06/probe'));
    assert.ok(!all.includes('DH-07/member'));
    const printed = tableRows(contoso, { all: false }).map((row) => row.id);
    assert.equal(printed.length, 13);
  });
});

describe('the next hop', () => {
  it('is the VIP, under the name of the pool, where the flow goes to the VIP', () => {
    assert.deepEqual(nextHops(contoso, 'edge01.contoso.net', 'dirpool01.contoso.net', 'sip'), [
      { address: '127.10.1.10', port: 5061, name: 'dirpool01.contoso.net', flow: 'DH-06' },
    ]);
  });

  it('is every member, under its own name, elsewhere', () => {
    const hops = nextHops(contoso, 'dir01.contoso.net', 'fepool01.contoso.net', 'sip');
    assert.deepEqual(
      hops.map((hop) => `${hop.name} ${hop.address}:${hop.port} ${hop.flow}`),
      ['fe01.contoso.net 127.10.2.11:5061 IS03a', 'fe02.contoso.net 127.10.2.12:5061 IS03a'],
    );
    const one = nextHops(contoso, 'dir01.contoso.net', 'FE03.contoso.net', 'interServer');
    assert.deepEqual(
      one.map((hop) => hop.host),
      ['fe03.contoso.net'],
    );
  });

  it('is never the host itself', () => {
    const siblings = nextHops(contoso, 'fe01.contoso.net', 'fepool01.contoso.net', 'sip');
    assert.deepEqual(
      siblings.map((hop) => hop.host),
      ['fe02.contoso.net'],
    );
  });

  it('is open to every host for log collection', () => {
    const [hop] = nextHops(contoso, 'rp01.contoso.net', 'edge01.contoso.net', 'logStatus');
    assert.equal(hop?.address, '127.10.8.11');
  });

  it('is refused where no flow leads', () => {
    const forbidden: [string, string, 'sip' | 'interServer' | 'webExternal'][] = [
      ['rp01.contoso.net', 'dirpool01.contoso.net', 'sip'],
      ['fe01.contoso.net', 'dirpool01.contoso.net', 'interServer'],
      ['edge01.contoso.net', 'dir01.contoso.net', 'sip'],
      ['edge01.contoso.net', 'nowhere.contoso.net', 'sip'],
      ['edge01.contoso.net', 'fepool01.contoso.net', 'webExternal'],
    ];
    for (const [from, to, service] of forbidden) {
      assert.throws(
        () => nextHops(contoso, from, to, service),
        (error) => error instanceof UsherError && error.code === 'USHER_NO_FLOW',
        `${from} → ${to} ${service}`,
      );
    }
  });
});

describe('ports', () => {
  it('follow the topology where it overrides them', () => {
    const moved = example(
      'contoso',
      (text) => `${text}\nports: { webExternal: 4444, sip: 5071 }\n`,
    );
    assert.equal(servicePort(moved, 'webExternal'), 4444);
    assert.equal(moved.flows.find((flow) => flow.id === 'DH-02')?.port, 4444);
    assert.equal(
      nextHops(moved, 'edge01.contoso.net', 'dirpool01.contoso.net', 'sip')[0]?.port,
      5071,
    );
    assert.equal(servicePort(moved, 'accessEdgeAlternate'), 5061);
  });

  it('all move by the offset', () => {
    const text = readFileSync('examples/contoso.yaml', 'utf8');
    const moved = load(text, 'contoso.yaml', 10_000);
    assert.deepEqual(
      portsOf(moved),
      portsOf(contoso).map((port) => port + 10_000),
    );
    assert.equal(servicePort(moved, 'sip'), 15_061);
  });

  it('refuse an offset that leads out of range', () => {
    const text = readFileSync('examples/contoso.yaml', 'utf8');
    for (const portOffset of [-1, 0.5, 15_533, Number.NaN]) {
      assert.throws(
        () => loadPlan(text, 'contoso.yaml', { portOffset }),
        (error) => error instanceof UsherError && error.code === 'USHER_PORT_OFFSET',
        String(portOffset),
      );
    }
    assert.ok(loadPlan(text, 'contoso.yaml', { portOffset: 15_532 }).ok);
  });

  it('may not meet on one address', () => {
    const text = `${readFileSync('examples/contoso.yaml', 'utf8')}\nports:\n  webExternal: 443\n`;
    const loaded = loadPlan(text, 'contoso.yaml');
    assert.ok(!loaded.ok);
    const [fault, ...others] = loaded.faults;
    assert.deepEqual(others, []);
    assert.equal(fault?.code, 'port-collision');
    assert.equal(fault.path, 'ports.webExternal');
    assert.equal(fault.line, text.split('\n').indexOf('  webExternal: 443') + 1);
    assert.match(fault.found, /443, which webInternal has already on 127\.10\.1\.11 and \d+ more/u);
  });

  it('are checked for collisions even when other things are wrong', () => {
    const text = readFileSync('examples/contoso.yaml', 'utf8').replace('127.10.3.11', 'nowhere');
    const loaded = loadPlan(`${text}\nports: { accessEdge: 5061, logStatus: 5061, x: 1 }\n`, 'f');
    assert.ok(!loaded.ok);
    assert.deepEqual(
      loaded.faults.map((fault) => fault.code),
      ['bad-address', 'port-collision', 'port-collision', 'unknown-key'],
    );
  });

  it('may be the same on different addresses', () => {
    const text = readFileSync('examples/contoso.yaml', 'utf8');
    assert.ok(loadPlan(`${text}\nports: { accessEdge: 80 }\n`, 'contoso.yaml').ok);
  });
});

describe('a Front End of another make', () => {
  const foreign = example('contoso', (text) =>
    text.replace('address: 127.10.3.11 }', 'address: 127.10.3.11, software: other }'),
  );
  it('keeps the rows of SIP between servers and loses those of services it does not have', () => {
    assert.deepEqual(rowsAt(foreign, 'fe03.contoso.net'), ['DH-P2', 'IS03a', 'IS03b']);
    assert.deepEqual(rowsAt(foreign, 'fe01.contoso.net'), rowsAt(contoso, 'fe01.contoso.net'));
    const outbound = foreign.flows.find((flow) => flow.id === 'DH-P1');
    assert.ok(outbound?.source.hosts.includes('fe03.contoso.net'));
  });

  it('opens one socket, which admits Directors, Front Ends and Edges and no client', () => {
    const [listener, ...others] = listenersOf(foreign, 'fe03.contoso.net');
    assert.deepEqual(others, []);
    assert.equal(listener?.anonymousClients, false);
    assert.deepEqual(
      listener.trustedPeers.toSorted(),
      ['dir01', 'dir02', 'edge01', 'fe01', 'fe02', 'fe03'].map((name) => `${name}.contoso.net`),
    );
  });

  it('is not asked for its health by the inter-server service', () => {
    assert.throws(
      () => nextHops(foreign, 'dir01.contoso.net', 'fe03.contoso.net', 'interServer'),
      (error) => error instanceof UsherError && error.code === 'USHER_NO_FLOW',
    );
    const [hop] = nextHops(foreign, 'dir01.contoso.net', 'fe03.contoso.net', 'sip');
    assert.equal(hop?.name, 'fe03.contoso.net');
  });
});
