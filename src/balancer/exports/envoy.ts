import { parse, stringify } from 'yaml';
import { z } from 'zod';
import type { Scheduling } from '#topology';
import { engineLimits, probeTimeoutLimit, probeTimeoutShare } from '../constants.ts';
import { integer, unreadable } from './reading.ts';
import type { BalancerRecord, Check, ServiceRecord } from './record.ts';
import type { ExportTarget } from './target.ts';

const policies = {
  leastConnections: 'LEAST_REQUEST',
  roundRobin: 'ROUND_ROBIN',
  maglev: 'MAGLEV',
} as const satisfies Record<Scheduling, string>;

const tcpProxy = 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy';

/** Envoy with the v3 interface: static listeners and clusters as YAML. */
export const envoy: ExportTarget = {
  destinationNat: false,
  render: (record) =>
    [...head(record), stringify(configuration(record), { lineWidth: 0 })].join('\n'),
  read,
  carries,
};

/** A cluster has one check, in clear; affinity is a hash of the address. */
function carries(service: ServiceRecord): ServiceRecord {
  const hashed = service.affinity !== undefined || service.scheduling === 'maglev';
  const [first] = service.checks;
  const check: readonly Check[] =
    first === undefined ? [] : [{ kind: 'connect', port: first.port }];
  return {
    ...service,
    scheduling: hashed ? 'maglev' : service.scheduling,
    affinity: hashed ? Infinity : undefined,
    slowStart: hashed ? 0 : service.slowStart,
    checks: check,
  };
}

function head({ balancer }: BalancerRecord): readonly string[] {
  return [
    `# ${balancer}: rendered by Usher from the topology; change that, not this.`,
    '# Load: keep the old file, then',
    '#   envoy --mode validate -c FILE && systemctl restart envoy',
    '# Roll back: put the old file back and restart. A plain restart ends connections; a hot restart',
    '# hands the listeners over and lets connections finish.',
    '# The VIP has to be an address of this machine.',
    '# What it cannot: a cluster has one check, here a TCP connection to the SIP port for the web',
    '# services, too, as they follow SIP; a member that accepts and says nothing stays in. Affinity and',
    '# Maglev are a hash of the address, without end.',
    '',
  ];
}

const socket = (address: string, port: number): object => ({
  socket_address: { address, port_value: port },
});

function configuration({ balancer, services }: BalancerRecord): object {
  return {
    node: { id: balancer, cluster: 'usher' },
    static_resources: {
      listeners: services.map(listener),
      clusters: services.map(cluster),
    },
  };
}

function listener(service: ServiceRecord): object {
  const hashed = carries(service).affinity !== undefined;
  return {
    name: service.name,
    address: socket(service.address, service.port),
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.tcp_proxy',
            typed_config: {
              '@type': tcpProxy,
              stat_prefix: service.name,
              cluster: service.name,
              idle_timeout: `${service.idleTimeout}s`,
              max_connect_attempts: service.members.length,
              ...(hashed ? { hash_policy: [{ source_ip: {} }] } : {}),
            },
          },
        ],
      },
    ],
  };
}

function cluster(service: ServiceRecord): object {
  const { scheduling, slowStart, checks } = carries(service);
  return {
    name: service.name,
    type: 'STATIC',
    connect_timeout: `${engineLimits.connect / 1000}s`,
    lb_policy: policies[scheduling],
    ...slow(scheduling, slowStart),
    // No panic: members known to be dead get no connections, even when all of them are.
    common_lb_config: { healthy_panic_threshold: { value: 0 } },
    ...(service.connectionsPerMember === undefined
      ? {}
      : {
          circuit_breakers: {
            per_host_thresholds: [{ max_connections: service.connectionsPerMember }],
          },
        }),
    close_connections_on_host_health_failure: service.onFailure === 'reset',
    upstream_bind_config: { source_address: { address: service.source, port_value: 0 } },
    health_checks: checks.map(() => healthCheck(service.probeInterval ?? 1)),
    load_assignment: {
      cluster_name: service.name,
      endpoints: [{ lb_endpoints: service.members.map((member) => endpoint(member, checks)) }],
    },
  };
}

function slow(scheduling: Scheduling, seconds: number): object {
  if (seconds === 0 || scheduling === 'maglev') return {};
  const config = { slow_start_config: { slow_start_window: `${seconds}s` } };
  return scheduling === 'leastConnections'
    ? { least_request_lb_config: config }
    : { round_robin_lb_config: config };
}

function healthCheck(interval: number): object {
  const timeout = Math.min(interval * probeTimeoutShare, probeTimeoutLimit / 1000);
  return {
    interval: `${interval}s`,
    timeout: `${Math.round(timeout * 1000) / 1000}s`,
    unhealthy_threshold: 1,
    healthy_threshold: 2,
    tcp_health_check: {},
  };
}

function endpoint(member: ServiceRecord['members'][number], checks: readonly Check[]): object {
  return {
    endpoint: {
      hostname: member.host,
      address: socket(member.address, member.port),
      ...(checks[0] === undefined ? {} : { health_check_config: { port_value: checks[0].port } }),
    },
  };
}

const socketShape = z.object({
  socket_address: z.object({ address: z.string(), port_value: z.int() }),
});
const slowShape = z.object({ slow_start_config: z.object({ slow_start_window: z.string() }) });
const listenerShape = z.object({
  name: z.string(),
  address: socketShape,
  filter_chains: z.tuple([
    z.object({
      filters: z.tuple([
        z.object({
          typed_config: z.object({
            '@type': z.literal(tcpProxy),
            cluster: z.string(),
            idle_timeout: z.string(),
            hash_policy: z.tuple([z.object({ source_ip: z.object({}) })]).optional(),
          }),
        }),
      ]),
    }),
  ]),
});
const clusterShape = z.object({
  name: z.string(),
  lb_policy: z.enum(['LEAST_REQUEST', 'ROUND_ROBIN', 'MAGLEV']),
  least_request_lb_config: slowShape.optional(),
  round_robin_lb_config: slowShape.optional(),
  circuit_breakers: z
    .object({ per_host_thresholds: z.tuple([z.object({ max_connections: z.int() })]) })
    .optional(),
  close_connections_on_host_health_failure: z.boolean(),
  upstream_bind_config: z.object({ source_address: z.object({ address: z.string() }) }),
  health_checks: z.array(z.object({ interval: z.string(), tcp_health_check: z.object({}) })).max(1),
  load_assignment: z.object({
    endpoints: z.tuple([
      z.object({
        lb_endpoints: z
          .array(
            z.object({
              endpoint: z.object({
                hostname: z.string(),
                address: socketShape,
                health_check_config: z.object({ port_value: z.int() }).optional(),
              }),
            }),
          )
          .min(1),
      }),
    ]),
  }),
});
const fileShape = z.object({
  static_resources: z.object({
    listeners: z.array(listenerShape),
    clusters: z.array(clusterShape),
  }),
});

function read(text: string): readonly ServiceRecord[] {
  const found = fileShape.safeParse(parsed(text));
  if (!found.success) throw unreadable(z.prettifyError(found.error));
  const { listeners, clusters } = found.data.static_resources;
  return listeners.map((one) => {
    const { cluster: name } = one.filter_chains[0].filters[0].typed_config;
    const behind = clusters.find((other) => other.name === name);
    if (behind === undefined) throw unreadable(`no cluster ${name}`);
    return readService(one, behind);
  });
}

function parsed(text: string): unknown {
  try {
    return parse(text);
  } catch {
    throw unreadable('it is no YAML');
  }
}

function readService(
  { name, address, filter_chains: chains }: z.infer<typeof listenerShape>,
  behind: z.infer<typeof clusterShape>,
): ServiceRecord {
  const proxy = chains[0].filters[0].typed_config;
  const endpoints = behind.load_assignment.endpoints[0].lb_endpoints.map((one) => one.endpoint);
  const slowly = behind.least_request_lb_config ?? behind.round_robin_lb_config;
  const [probe] = behind.health_checks;
  const port = endpoints[0]?.health_check_config?.port_value;
  return {
    name,
    address: address.socket_address.address,
    port: address.socket_address.port_value,
    members: endpoints.map((one) => ({
      host: one.hostname,
      address: one.address.socket_address.address,
      port: one.address.socket_address.port_value,
    })),
    scheduling: readScheduling(behind.lb_policy),
    slowStart: slowly === undefined ? 0 : integer(slowly.slow_start_config.slow_start_window),
    connectionsPerMember: behind.circuit_breakers?.per_host_thresholds[0].max_connections,
    affinity: proxy.hash_policy === undefined ? undefined : Infinity,
    idleTimeout: integer(proxy.idle_timeout),
    source: behind.upstream_bind_config.source_address.address,
    checks: probe === undefined || port === undefined ? [] : [{ kind: 'connect', port }],
    probeInterval: probe === undefined ? undefined : Number.parseFloat(probe.interval),
    onFailure: behind.close_connections_on_host_health_failure ? 'reset' : 'keep',
  };
}

function readScheduling(policy: string): Scheduling {
  for (const scheduling of ['leastConnections', 'roundRobin', 'maglev'] as const) {
    if (policies[scheduling] === policy) return scheduling;
  }
  throw unreadable(`the policy ${policy}`);
}
