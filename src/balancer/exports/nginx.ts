import { hostAndPort } from '#base';
import type { Scheduling } from '#topology';
import { backlog, engineLimits } from '../constants.ts';
import {
  after,
  allAfter,
  endpoint,
  groups,
  integer,
  needed,
  readBlocks,
  unreadable,
} from './reading.ts';
import type { BalancerRecord, ServiceRecord } from './record.ts';
import type { ExportTarget } from './target.ts';

/** nginx 1.21 or newer with its stream module: a `stream` block for the main context. */
export const nginx: ExportTarget = {
  destinationNat: false,
  render: (record) =>
    [
      ...head(record),
      'stream {',
      ...record.services.flatMap((service) => [...upstream(service), ...server(service)]),
      '}',
      '',
    ].join('\n'),
  read,
  carries,
};

/** It probes nothing, knows no slow start, cuts no session, and its affinity is a hash. */
function carries(service: ServiceRecord): ServiceRecord {
  return {
    ...service,
    ...(service.affinity === undefined
      ? {}
      : { affinity: Infinity, scheduling: 'maglev' as const }),
    slowStart: 0,
    checks: [],
    probeInterval: undefined,
    onFailure: 'keep',
  };
}

function head({ balancer }: BalancerRecord): readonly string[] {
  return [
    `# ${balancer}: rendered by Usher from the topology; change that, not this.`,
    '# Load: write this to /etc/nginx/usher-stream.conf, name it at the end of /etc/nginx/nginx.conf,',
    '# outside of http { }, as   include /etc/nginx/usher-stream.conf;   then',
    '#   nginx -t && systemctl reload nginx',
    '# Debian: apt install libnginx-mod-stream. The VIP has to be an address of this machine.',
    '# Roll back: take the include line out and reload. Connections outlive both.',
    '# What it cannot: nginx without a subscription probes nothing. A member is left out for one probe',
    '# interval after a connection it did not accept; one that accepts and says nothing stays in, and',
    '# web services do not follow SIP. No slow start. Affinity is a hash of the address, without end.',
    '',
  ];
}

function upstream(service: ServiceRecord): readonly string[] {
  const { members, connectionsPerMember } = service;
  const limit = connectionsPerMember === undefined ? '' : ` max_conns=${connectionsPerMember}`;
  // A single member is never left out: there is nobody else.
  const passive =
    members.length === 1
      ? 'max_fails=0'
      : `max_fails=1 fail_timeout=${Math.max(1, Math.round(service.probeInterval ?? 1))}s`;
  return [
    `    upstream ${service.name} {`,
    `        zone ${service.name} 64k;`,
    ...method(service),
    ...members.map(
      ({ host, address, port }) =>
        `        server ${hostAndPort(address, port)} ${passive}${limit}; # ${host}`,
    ),
    '    }',
  ];
}

function method({ scheduling, affinity }: ServiceRecord): readonly string[] {
  if (affinity !== undefined) return ['        hash $remote_addr consistent;'];
  if (scheduling === 'maglev') return ['        hash $remote_addr:$remote_port consistent;'];
  return scheduling === 'leastConnections' ? ['        least_conn;'] : [];
}

function server(service: ServiceRecord): readonly string[] {
  return [
    '    server {',
    `        listen ${hostAndPort(service.address, service.port)} so_keepalive=on backlog=${backlog};`,
    `        proxy_pass ${service.name};`,
    `        proxy_bind ${service.source};`,
    `        proxy_connect_timeout ${engineLimits.connect}ms;`,
    `        proxy_timeout ${service.idleTimeout}s;`,
    '        proxy_next_upstream on;',
    `        proxy_next_upstream_tries ${service.members.length};`,
    '        proxy_socket_keepalive on;',
    '    }',
  ];
}

function read(text: string): readonly ServiceRecord[] {
  const stream = readBlocks(text).blocks.find((block) => block.head === 'stream');
  if (stream === undefined) throw unreadable('no stream block');
  const upstreams = new Map(stream.blocks.map((block) => [block.head, block.lines]));
  return stream.blocks
    .filter((block) => block.head === 'server')
    .map(({ lines }) => {
      const name = needed(lines, 'proxy_pass');
      const inside = upstreams.get(`upstream ${name}`);
      if (inside === undefined) throw unreadable(`no upstream ${name}`);
      return readService(name, lines, inside);
    });
}

function readService(
  name: string,
  lines: readonly string[],
  inside: readonly string[],
): ServiceRecord {
  const servers = allAfter(inside, 'server');
  const limit = /max_conns=(\d+)/u.exec(servers[0] ?? '')?.[1];
  const hash = after(inside, 'hash');
  return {
    name,
    ...endpoint(needed(lines, 'listen').split(' ')[0] ?? ''),
    members: servers.map((line) => {
      const { where = '', host = '' } = groups(/^(?<where>\S+) .*; # (?<host>\S+)$/u, line);
      return { host, ...endpoint(where) };
    }),
    scheduling: readScheduling(hash, inside),
    slowStart: 0,
    connectionsPerMember: limit === undefined ? undefined : Number(limit),
    affinity: hash === '$remote_addr consistent' ? Infinity : undefined,
    idleTimeout: integer(needed(lines, 'proxy_timeout')),
    source: after(lines, 'proxy_bind'),
    checks: [],
    probeInterval: undefined,
    onFailure: 'keep',
  };
}

function readScheduling(hash: string | undefined, inside: readonly string[]): Scheduling {
  if (hash !== undefined) return 'maglev';
  return after(inside, 'least_conn') === undefined ? 'roundRobin' : 'leastConnections';
}
