import { familyOf, type Scheduling } from '#topology';
import { engineLimits } from '../constants.ts';
import { autodiscoverRoot } from '../probes/web.ts';
import { after, groups, integer, needed, readBlocks, unreadable, type Block } from './reading.ts';
import type { BalancerRecord, Check, MemberRecord, ServiceRecord } from './record.ts';
import type { ExportTarget } from './target.ts';

const schedulers = {
  leastConnections: 'wlc',
  roundRobin: 'rr',
  maglev: 'mh',
} as const satisfies Record<Scheduling, string>;

/** keepalived 2.2 or newer: a whole configuration of IPVS with its health checks. */
export const keepalived: ExportTarget = {
  destinationNat: true,
  render: (record) =>
    [...head(record), ...globals(record), ...record.services.flatMap(virtualServer)].join('\n'),
  read,
  carries,
};

/**
 * IPVS translates the destination; the source is a rule beside it (in the head). It has no slow start
 * and its checks show no certificate: what needs one becomes a TCP connection.
 */
function carries(service: ServiceRecord): ServiceRecord {
  return {
    ...service,
    slowStart: 0,
    source: undefined,
    checks: service.checks.map((check) =>
      'site' in check ? check : { kind: 'connect', port: check.port },
    ),
    probeInterval: Math.max(1, Math.round(service.probeInterval ?? 1)),
    onFailure: 'keep',
  };
}

function head({ balancer, services }: BalancerRecord): readonly string[] {
  const sources = new Map(
    services.flatMap(({ address, source }) => (source === undefined ? [] : [[address, source]])),
  );
  const families = [...new Set([...sources.keys()].map(nftFamily))];
  return [
    `# ${balancer}: rendered by Usher from the topology; change that, not this.`,
    '# Load: keep the old file, write this to /etc/keepalived/keepalived.conf, then',
    '#   keepalived --config-test && systemctl reload keepalived',
    '# Roll back: put the old file back and reload.',
    '# The VIP has to be an address of this machine, which forwards (net.ipv4.ip_forward=1).',
    ...(sources.size > 0
      ? [
          '# Members have to see this machine as the client; IPVS does not do that by itself:',
          '#   sysctl net.ipv4.vs.conntrack=1',
          ...families.map(
            (family) =>
              `#   nft 'add table ${family} usher_snat; add chain ${family} usher_snat post { type nat hook postrouting priority srcnat; }'`,
          ),
          ...[...sources].map(
            ([vip, source]) =>
              `#   nft add rule ${nftFamily(vip)} usher_snat post ct original ${nftFamily(vip)} daddr ${vip} snat to ${source}`,
          ),
          ...families.map((family) => `# and to go back: nft delete table ${family} usher_snat`),
        ]
      : []),
    '# So that clients bound to a dead member move: sysctl net.ipv4.vs.expire_nodest_conn=1 and',
    '# net.ipv4.vs.expire_quiescent_template=1.',
    '# What it cannot: its checks show no certificate, so SIP is checked by a TCP connection (a member',
    '# that accepts and says nothing stays in), HTTPS by a request whose answer proves no name. No slow',
    '# start. Affinity holds for each port by itself.',
    '',
  ];
}

/** The nftables family of an address. */
const nftFamily = (address: string): string => (familyOf(address) === 6 ? 'ip6' : 'ip');

/** The idle time is one of IPVS as a whole: the longest any service asks for. */
function globals({ balancer, services }: BalancerRecord): readonly string[] {
  const idle = Math.max(...services.map(({ idleTimeout }) => idleTimeout));
  return [
    'global_defs {',
    `    router_id ${balancer}`,
    `    lvs_timeouts tcp ${idle} tcpfin ${engineLimits.halfClosed / 1000}`,
    '}',
    '',
  ];
}

function virtualServer(service: ServiceRecord): readonly string[] {
  return [
    `# ${service.name}`,
    `virtual_server ${service.address} ${service.port} {`,
    `    snmp_name ${service.name}`,
    `    delay_loop ${carries(service).probeInterval}`,
    `    lvs_sched ${schedulers[service.scheduling]}`,
    // By address and port where no client is bound to a member.
    ...(service.scheduling === 'maglev' && service.affinity === undefined ? ['    mh-port'] : []),
    '    lvs_method NAT',
    '    protocol TCP',
    ...(service.affinity === undefined ? [] : [`    persistence_timeout ${service.affinity}`]),
    ...service.members.flatMap((member) => realServer(member, service)),
    '}',
    '',
  ];
}

function realServer(
  { host, address, port }: MemberRecord,
  service: ServiceRecord,
): readonly string[] {
  return [
    `    real_server ${address} ${port} {`,
    // The address is what IPVS goes by; this is for people, SNMP and reading back.
    `        snmp_name ${host}`,
    '        weight 100',
    ...(service.connectionsPerMember === undefined
      ? []
      : [`        uthreshold ${service.connectionsPerMember}`]),
    ...carries(service).checks.flatMap(checker),
    '    }',
  ];
}

function checker(check: Check): readonly string[] {
  const timing = [
    `            connect_port ${check.port}`,
    '            connect_timeout 1',
    '            retry 1',
    '            delay_before_retry 1',
    '        }',
  ];
  if (!('site' in check)) return ['        TCP_CHECK {', ...timing];
  return [
    `        ${check.kind === 'https' ? 'SSL_GET' : 'HTTP_GET'} {`,
    ...(check.kind === 'https' ? ['            enable_sni'] : []),
    '            url {',
    `                path ${autodiscoverRoot}`,
    // Plain sites lead to HTTPS: any answer but a server error.
    `                status_code ${check.kind === 'https' ? '200' : '100-499'}`,
    `                virtualhost ${check.site}`,
    '            }',
    ...timing,
  ];
}

function read(text: string): readonly ServiceRecord[] {
  const root = readBlocks(text);
  const globalsRead = root.blocks.find((block) => block.head === 'global_defs');
  const idle = integer(needed(globalsRead?.lines ?? [], 'lvs_timeouts tcp'));
  return root.blocks
    .filter((block) => block.head.startsWith('virtual_server '))
    .map((block) => readService(block, idle));
}

function readService({ head: first, lines, blocks }: Block, idleTimeout: number): ServiceRecord {
  const servers = blocks.filter((block) => block.head.startsWith('real_server '));
  const [one] = servers;
  if (one === undefined) throw unreadable(`${first} has no real_server`);
  const affinity = after(lines, 'persistence_timeout');
  const limit = after(one.lines, 'uthreshold');
  return {
    name: needed(lines, 'snmp_name'),
    ...addressAndPort(first),
    members: servers.map((server) => ({
      host: needed(server.lines, 'snmp_name'),
      ...addressAndPort(server.head),
    })),
    scheduling: readScheduling(needed(lines, 'lvs_sched')),
    slowStart: 0,
    connectionsPerMember: limit === undefined ? undefined : integer(limit),
    affinity: affinity === undefined ? undefined : integer(affinity),
    idleTimeout,
    source: undefined,
    checks: one.blocks.map(readCheck),
    probeInterval: integer(needed(lines, 'delay_loop')),
    onFailure: 'keep',
  };
}

function addressAndPort(text: string): { address: string; port: number } {
  const { address = '', port = '' } = groups(/^\S+ (?<address>\S+) (?<port>\d+)$/u, text);
  return { address, port: Number(port) };
}

function readScheduling(word: string): Scheduling {
  for (const scheduling of ['leastConnections', 'roundRobin', 'maglev'] as const) {
    if (schedulers[scheduling] === word) return scheduling;
  }
  throw unreadable(`the scheduler ${word}`);
}

function readCheck({ head: kind, lines, blocks }: Block): Check {
  const port = integer(needed(lines, 'connect_port'));
  if (kind === 'TCP_CHECK') return { kind: 'connect', port };
  const site = needed(blocks[0]?.lines ?? [], 'virtualhost');
  return { kind: kind === 'SSL_GET' ? 'https' : 'http', port, site };
}
