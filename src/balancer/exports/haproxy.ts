import { hostAndPort, hostInUri } from '#base';
import type { Scheduling } from '#topology';
import { affinityCapacity, engineLimits, jitterFloor, keepAliveDelay } from '../constants.ts';
import { probeTimeoutLimit, probeTimeoutShare } from '../constants.ts';
import { localPeer, peers, peersSection } from './haproxy-peers.ts';
import { after, allAfter, endpoint, groups, integer, needed, unreadable } from './reading.ts';
import type { BalancerRecord, Check, MemberRecord, ServiceRecord } from './record.ts';
import { webRequest } from './requests.ts';
import type { ExportTarget, ProbeFiles } from './target.ts';

const algorithms = {
  leastConnections: 'leastconn',
  roundRobin: 'roundrobin',
  maglev: 'hash',
} as const satisfies Record<Scheduling, string>;

/** HAProxy 2.6 or newer: a complete configuration, mutual TLS and OPTIONS in its own checks. */
export const haproxy: ExportTarget = {
  destinationNat: false,
  render: (record, files) =>
    [
      ...head(record),
      ...configuration(record, {
        ...files,
        connections: engineLimits.connections,
        directory: '/run/haproxy',
        log: log.machine,
        out: new Set(),
      }),
    ].join('\n'),
  read,
  carries: (service) => service,
};

/** Where a configuration logs to: the machine's log in full, or only ends out of order to whoever started it. */
export const log = {
  machine: {
    global: ['log /dev/log local0'],
    defaults: ['log global', 'option tcplog', 'option dontlognull'],
  },
  starter: {
    global: ['log stdout format raw daemon'],
    defaults: ['log global', 'option dontlog-normal', 'log-format "session %b %s %ts"'],
  },
} as const;

/** What a configuration needs beside the services. */
export interface Surroundings extends ProbeFiles {
  /** Connections at once; each needs two descriptors. */
  readonly connections: number;
  /** The folder of its sockets: `admin.sock` takes commands, `peers.sock` hands affinity on at a reload. */
  readonly directory: string;
  readonly log: (typeof log)[keyof typeof log];
  /** Servers that begin without connections, as `serverName` tells them. */
  readonly out: ReadonlySet<string>;
}

/** How HAProxy names a member of a service. */
export function serverName(service: { readonly name: string }, host: string): string {
  return `${service.name}/${host}`;
}

/** The sections of the configuration, line by line. */
export function configuration(
  record: BalancerRecord,
  surroundings: Surroundings,
): readonly string[] {
  return [
    ...globals(record, surroundings),
    ...affinityTable(record),
    ...record.services.flatMap((service) => listen(service, record, surroundings)),
  ];
}

function head({ balancer, pair }: BalancerRecord): readonly string[] {
  return [
    `# ${balancer}: rendered by Usher from the topology; change that, not this.`,
    '# Load: keep the old file, write this to /etc/haproxy/haproxy.cfg, then',
    '#   haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy',
    '# Roll back: put the old file back and reload. Connections outlive both.',
    pair === undefined
      ? '# The VIP has to be an address of this machine.'
      : `# The VIP may be here or at ${pair.partner.host} (render keepalived-vrrp): \`transparent\` waits for it.`,
    '# Drain a member: `set server SERVICE/MEMBER state drain` on the socket, and `clear table',
    '# affinity` with its number, or its clients come back.',
    '',
  ];
}

function globals(record: BalancerRecord, surroundings: Surroundings): readonly string[] {
  const {
    connections,
    directory,
    log: { global, defaults },
  } = surroundings;
  return [
    'global',
    '    zero-warning',
    `    maxconn ${connections}`,
    `    spread-checks ${Math.round((1 - jitterFloor) * 100)}`,
    '    hard-stop-after 30m',
    '    ssl-default-server-options ssl-min-ver TLSv1.2',
    `    stats socket ${directory}/admin.sock mode 600 level admin expose-fd listeners`,
    ...global.map((line) => `    ${line}`),
    `    localpeer ${localPeer(record)}`,
    '',
    'defaults',
    '    mode tcp',
    ...defaults.map((line) => `    ${line}`),
    '    option redispatch 1',
    '    retries 2',
    ...['clitcpka', 'srvtcpka'].flatMap((option) => [
      `    option ${option}`,
      `    ${option}-idle ${keepAliveDelay / 1000}s`,
    ]),
    '    option contstats',
    `    timeout connect ${engineLimits.connect}ms`,
    `    timeout queue ${engineLimits.connect}ms`,
    `    timeout client-fin ${engineLimits.halfClosed}ms`,
    `    timeout server-fin ${engineLimits.halfClosed}ms`,
    '',
    ...peers(record, surroundings),
  ];
}

/** One table for all ports: a client keeps its member on every port that asks for affinity. */
function affinityTable({ services }: BalancerRecord): readonly string[] {
  const pools = new Map(
    services.flatMap((service) =>
      service.affinity === undefined ? [] : [[tableOf(service), service.affinity] as const],
    ),
  );
  return [...pools].flatMap(([table, seconds]) => [
    `backend ${table}`,
    `    stick-table type ipv6 size ${affinityCapacity} expire ${seconds}s peers ${peersSection}`,
    '',
  ]);
}

/** All services of a pool share the VIP, hence the table. */
export function tableOf({ address }: { readonly address: string }): string {
  return `affinity_${address.replaceAll(/[^\da-f]/giu, '_')}`;
}

function listen(
  service: ServiceRecord,
  { pair }: BalancerRecord,
  surroundings: Surroundings,
): readonly string[] {
  const interval = service.probeInterval ?? 0;
  const limit = Math.min(interval * 1000 * probeTimeoutShare, probeTimeoutLimit);
  return [
    `listen ${service.name}`,
    // `transparent` binds to an address that may be at the other balancer (IP_FREEBIND).
    `    bind ${hostAndPort(service.address, service.port)}${pair === undefined ? '' : ' transparent'}`,
    // One reset at once tells a client more than a connection that is opened and closed. A worker that is
    // being replaced counts no servers any more, and still serves whom it has accepted.
    '    tcp-request connection reject if { nbsrv eq 0 } !{ stopping }',
    ...(service.connectionsPerMember === undefined
      ? []
      : ['    tcp-request connection reject if { be_conn_free eq 0 }']),
    `    timeout client ${service.idleTimeout}s`,
    `    timeout server ${service.idleTimeout}s`,
    `    timeout check ${Math.round(limit)}ms`,
    ...balance(service),
    ...(service.affinity === undefined ? [] : [`    stick on src table ${tableOf(service)}`]),
    ...(service.source === undefined ? [] : [`    source ${hostInUri(service.source)}`]),
    '    option tcp-check',
    ...service.checks.flatMap(check),
    ...service.members.map((member, index) => server(member, index + 1, service, surroundings)),
    '',
  ];
}

function balance({ scheduling, affinity }: ServiceRecord): readonly string[] {
  if (scheduling !== 'maglev') return [`    balance ${algorithms[scheduling]}`];
  // As the balancer: by address where it binds the client, else by address and port.
  const client = affinity === undefined ? 'src,concat(:,sess.port)' : 'src';
  return [
    ...(affinity === undefined ? ['    tcp-request connection set-var(sess.port) src_port'] : []),
    `    balance hash ${client}`,
    '    hash-type consistent',
  ];
}

/**
 * One connection of the health check. The first takes everything from the server line (`default`): a
 * bare `connect` would speak in clear, and one with `ssl sni` would check that name instead of the
 * member's.
 */
function check(one: Check): readonly string[] {
  const secure = one.kind === 'http' || one.kind === 'connect' ? '' : ' default';
  const connect = `    tcp-check connect${secure} port ${one.port}`;
  switch (one.kind) {
    case 'sip':
      return [connect, `    tcp-check send-lf "${options(one.port)}"`, expect('SIP/2\\.0 200 ')];
    case 'https':
      return [
        connect,
        `    tcp-check send "${webRequest(one).replaceAll('\r\n', '\\r\\n')}"`,
        expect('HTTP/1\\.[01] 200 '),
      ];
    case 'http':
      return [
        connect,
        `    tcp-check send "${webRequest(one).replaceAll('\r\n', '\\r\\n')}"`,
        expect('HTTP/1\\.[01] [1-4]'),
      ];
    case 'tls':
    case 'connect':
      return [connect];
  }
}

function expect(pattern: string): string {
  return `    tcp-check expect rstring "^${pattern}"`;
}

/** OPTIONS to the member itself (RFC 3261 section 11); `%s` is the server, `%H` this machine. */
function options(port: number): string {
  const self = `sip:%s:${port};transport=tls`;
  return [
    `OPTIONS ${self} SIP/2.0`,
    'Via: SIP/2.0/TLS %H;branch=z9hG4bK%[rand(1000000000)]',
    'Max-Forwards: 70',
    'From: <sip:%H>;tag=%[rand(1000000)]',
    `To: <${self}>`,
    'Call-ID: %[uuid]',
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
    '\\r\\n',
  ].join('\\r\\n');
}

function server(
  { host, address, port }: MemberRecord,
  id: number,
  service: ServiceRecord,
  { ca, certificate, out }: Surroundings,
): string {
  const { probeInterval: interval = 0 } = service;
  const kinds = new Set(service.checks.map(({ kind }) => kind));
  const secured = kinds.has('sip') || kinds.has('https') || kinds.has('tls');
  return [
    `    server ${host} ${hostAndPort(address, port)} id ${id} check`,
    ...(secured
      ? [`check-ssl verify required ca-file ${ca} verifyhost ${host} check-sni ${host}`]
      : []),
    // Mutual TLS: under TLS 1.3 a missing certificate shows at the first read only.
    ...(kinds.has('sip') ? [`crt ${certificate}`] : []),
    `inter ${Math.round(interval * 1000)}ms rise 2 fall 1`,
    ...(service.slowStart === 0 ? [] : [`slowstart ${service.slowStart}s`]),
    ...(service.connectionsPerMember === undefined
      ? []
      : [`maxconn ${service.connectionsPerMember}`]),
    ...(service.onFailure === 'reset' ? ['on-marked-down shutdown-sessions'] : []),
    ...(out.has(serverName(service, host)) ? ['disabled'] : []),
  ].join(' ');
}

function read(text: string): readonly ServiceRecord[] {
  const sections = text.split(/^(?=\S)/mu).map((section) => {
    const [first = '', ...rest] = section.split('\n');
    return { first, lines: rest.map((line) => line.trim()) };
  });
  const expiries = new Map(
    sections
      .filter(({ first }) => first.startsWith('backend affinity_'))
      .map(({ first, lines }) => {
        const { expire = '' } = groups(/expire (?<expire>\d+)s/u, needed(lines, 'stick-table'));
        return [first.slice('backend '.length), Number(expire)];
      }),
  );
  return sections
    .filter(({ first }) => first.startsWith('listen '))
    .map(({ first, lines }) => readListen(first.slice('listen '.length), lines, expiries));
}

function readListen(
  name: string,
  lines: readonly string[],
  expiries: ReadonlyMap<string, number>,
): ServiceRecord {
  const servers = allAfter(lines, 'server');
  const [one = ''] = servers;
  const idleTimeout = integer(needed(lines, 'timeout client'));
  if (integer(needed(lines, 'timeout server')) !== idleTimeout) {
    throw unreadable(`${name} has two idle times`);
  }
  const table = after(lines, 'stick on src table');
  const limit = / maxconn (\d+)/u.exec(one)?.[1];
  return {
    name,
    ...endpoint(needed(lines, 'bind').replace(/ transparent$/u, '')),
    members: servers.map((line) => {
      const [host = '', where = ''] = line.split(' ');
      return { host, ...endpoint(where) };
    }),
    scheduling: readScheduling(needed(lines, 'balance')),
    slowStart: Number(/ slowstart (\d+)s/u.exec(one)?.[1] ?? 0),
    connectionsPerMember: limit === undefined ? undefined : Number(limit),
    affinity: table === undefined ? undefined : expiries.get(table),
    idleTimeout,
    source: after(lines, 'source')?.replaceAll(/^\[|\]$/gu, ''),
    checks: readChecks(lines),
    probeInterval: Number(groups(/ inter (?<inter>\d+)ms/u, one)['inter']) / 1000,
    onFailure: one.includes(' on-marked-down shutdown-sessions') ? 'reset' : 'keep',
  };
}

function readScheduling(words: string): Scheduling {
  const [algorithm = ''] = words.split(' ');
  for (const scheduling of ['leastConnections', 'roundRobin', 'maglev'] as const) {
    if (algorithms[scheduling] === algorithm) return scheduling;
  }
  throw unreadable(`the algorithm ${algorithm}`);
}

function readChecks(lines: readonly string[]): readonly Check[] {
  return lines.flatMap((line, index): readonly Check[] => {
    const [, secure, digits] = /^tcp-check connect( default)? port (\d+)$/u.exec(line) ?? [];
    if (digits === undefined) return [];
    const port = Number(digits);
    const sent = lines[index + 1] ?? '';
    const site = /^tcp-check send "GET .*\\r\\nHost: ([^\\]+)\\r/u.exec(sent)?.[1];
    if (sent.startsWith('tcp-check send-lf "OPTIONS ')) return [{ kind: 'sip', port }];
    if (site !== undefined) return [{ kind: secure === undefined ? 'http' : 'https', port, site }];
    return [{ kind: secure === undefined ? 'connect' : 'tls', port }];
  });
}
