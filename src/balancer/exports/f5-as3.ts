import { z } from 'zod';
import { familyOf, type Scheduling } from '#topology';
import { webRequest } from './requests.ts';
import { readJson } from './reading-json.ts';
import { unreadable } from './reading.ts';
import type { BalancerRecord, Check, ServiceRecord } from './record.ts';
import type { ExportTarget } from './target.ts';

const modes = {
  leastConnections: 'least-connections-member',
  roundRobin: 'round-robin',
  maglev: 'round-robin',
} as const satisfies Record<Scheduling, string>;

/** F5 BIG-IP: an AS3 declaration of one tenant. */
export const f5As3: ExportTarget = {
  destinationNat: true,
  render: (record) => `${JSON.stringify(request(record), undefined, 2)}\n`,
  read,
  carries,
};

/** AS3 has no hash over the members without more than a declaration; monitors count whole seconds. */
function carries(service: ServiceRecord): ServiceRecord {
  return {
    ...service,
    scheduling: service.scheduling === 'maglev' ? 'roundRobin' : service.scheduling,
    probeInterval: Math.max(1, Math.ceil(service.probeInterval ?? 1)),
    checks: service.checks.map((check) =>
      check.kind === 'tls' ? { kind: 'connect', port: check.port } : check,
    ),
  };
}

const use = (name: string): { use: string } => ({ use: name });

function request({ balancer, services }: BalancerRecord): object {
  const members = services.flatMap((service) => service.members);
  return {
    class: 'AS3',
    action: 'deploy',
    persist: true,
    declaration: {
      class: 'ADC',
      schemaVersion: '3.20.0',
      id: `usher-${balancer}`,
      label: 'Rendered by Usher from the topology',
      Usher: {
        class: 'Tenant',
        Balancer: {
          class: 'Application',
          template: 'generic',
          constants: {
            class: 'Constants',
            load: 'Import the certificate of the balancer as /Common/usher-probe.crt and .key, then POST this file to /mgmt/shared/appsvcs/declare; with action dry-run first.',
            rollBack:
              'POST the declaration from before, or DELETE /mgmt/shared/appsvcs/declare/Usher.',
            limits:
              'The SIP monitor shows its certificate and asks OPTIONS, but proves no member name; answers 1xx to 3xx count as up. A failed monitor takes one interval and a second to tell. Maglev becomes round robin.',
            members: [...new Set(members.map(({ host, address }) => `${address} ${host}`))],
          },
          probe: {
            class: 'Certificate',
            certificate: { bigip: '/Common/usher-probe.crt' },
            privateKey: { bigip: '/Common/usher-probe.key' },
          },
          ...Object.fromEntries(services.flatMap((service) => objects(service, snatOf(services)))),
        },
      },
    },
  };
}

/** Names the addresses connections to members come from: one, or one a family. */
function snatOf(services: readonly ServiceRecord[]): (source: string) => string {
  const sources = new Set(services.flatMap(({ source }) => source ?? []));
  return (source) => (sources.size > 1 ? `snat_ipv${familyOf(source)}` : 'snat');
}

/** The objects of one service; each has the service's name in its own. */
function objects(
  service: ServiceRecord,
  snat: (source: string) => string,
): readonly (readonly [string, object])[] {
  const { name, affinity, source } = service;
  const { checks, probeInterval = 1, scheduling } = carries(service);
  const monitors = checks.map(
    (check, index) =>
      [
        `${name}_monitor${index + 1}`,
        { class: 'Monitor', ...monitor(check), ...timing(check, probeInterval) },
      ] as const,
  );
  return [
    [
      name,
      {
        class: 'Service_L4',
        virtualAddresses: [service.address],
        virtualPort: service.port,
        pool: `${name}_pool`,
        profileL4: use(`${name}_idle`),
        persistenceMethods: affinity === undefined ? [] : [use(`${name}_affinity`)],
        snat: source === undefined ? 'none' : use(snat(source)),
      },
    ],
    [
      `${name}_idle`,
      { class: 'L4_Profile', idleTimeout: service.idleTimeout, resetOnTimeout: true },
    ],
    [
      `${name}_pool`,
      {
        class: 'Pool',
        loadBalancingMode: modes[scheduling],
        minimumMonitors: 'all',
        slowRampTime: service.slowStart,
        serviceDownAction: service.onFailure === 'reset' ? 'reset' : 'none',
        monitors: monitors.map(([monitorName]) => use(monitorName)),
        members: service.members.map(({ address, port }) => ({
          servicePort: port,
          serverAddresses: [address],
          adminState: 'enable',
          ...(service.connectionsPerMember === undefined
            ? {}
            : { connectionLimit: service.connectionsPerMember }),
        })),
      },
    ],
    ...monitors,
    ...(affinity === undefined
      ? []
      : [
          [
            `${name}_affinity`,
            {
              class: 'Persist',
              persistenceMethod: 'source-address',
              duration: affinity,
              // A client keeps its member on every port.
              matchAcrossVirtualPorts: true,
            },
          ] as const,
        ]),
    ...(source === undefined
      ? []
      : [[snat(source), { class: 'SNAT_Pool', snatAddresses: [source] }] as const]),
  ];
}

/** One failure is enough, and a monitor's time-out has to be above its interval. */
function timing({ port }: Check, interval: number): object {
  return { targetPort: port, interval, timeout: interval + 1 };
}

function monitor(check: Check): object {
  switch (check.kind) {
    case 'sip':
      return {
        monitorType: 'sip',
        protocol: 'tls',
        clientCertificate: 'probe',
        codesUp: [200],
      };
    case 'https':
    case 'http':
      return {
        monitorType: check.kind,
        send: webRequest(check),
        receive: check.kind === 'https' ? '^HTTP/1\\.[01] 200' : '^HTTP/1\\.[01] [1-4]',
      };
    case 'tls':
    case 'connect':
      return { monitorType: 'tcp', send: '', receive: '' };
  }
}

const used = z.strictObject({ use: z.string() });
const serviceShape = z.strictObject({
  class: z.literal('Service_L4'),
  virtualAddresses: z.tuple([z.string()]),
  virtualPort: z.int(),
  pool: z.string(),
  profileL4: used,
  persistenceMethods: z.array(used).max(1),
  snat: z.union([z.literal('none'), used]),
});
const poolShape = z.strictObject({
  class: z.literal('Pool'),
  loadBalancingMode: z.enum(['least-connections-member', 'round-robin']),
  minimumMonitors: z.literal('all'),
  slowRampTime: z.int().min(0).max(900),
  serviceDownAction: z.enum(['reset', 'none']),
  monitors: z.array(used),
  members: z
    .array(
      z.strictObject({
        servicePort: z.int(),
        serverAddresses: z.tuple([z.string()]),
        adminState: z.literal('enable'),
        connectionLimit: z.int().optional(),
      }),
    )
    .min(1),
});
const monitorShape = z.object({
  class: z.literal('Monitor'),
  monitorType: z.enum(['sip', 'https', 'http', 'tcp']),
  targetPort: z.int(),
  interval: z.int().min(1),
  send: z.string().optional(),
});
const idleShape = z.object({ class: z.literal('L4_Profile'), idleTimeout: z.int() });
const persistShape = z.object({ class: z.literal('Persist'), duration: z.int() });
const snatShape = z.object({
  class: z.literal('SNAT_Pool'),
  snatAddresses: z.tuple([z.string()]),
});
const requestShape = z.object({
  declaration: z.object({
    Usher: z.object({
      Balancer: z.looseObject({ constants: z.object({ members: z.array(z.string()) }) }),
    }),
  }),
});

function read(text: string): readonly ServiceRecord[] {
  const application = readJson(requestShape, text).declaration.Usher.Balancer;
  const hosts = new Map(
    application.constants.members.map((line) => {
      const [address = '', host = ''] = line.split(' ');
      return [address, host];
    }),
  );
  const part = <Shape extends z.ZodType>(shape: Shape, name: string): z.infer<Shape> => {
    const found = shape.safeParse(application[name]);
    if (!found.success) throw unreadable(`${name}: ${z.prettifyError(found.error)}`);
    return found.data;
  };
  const names = Object.entries(application)
    .filter(([, value]) => serviceShape.safeParse(value).success)
    .map(([name]) => name);
  return names.map((name) => {
    const service = part(serviceShape, name);
    const pool = part(poolShape, service.pool);
    const monitors = pool.monitors.map((one) => part(monitorShape, one.use));
    const [affinity] = service.persistenceMethods;
    return {
      name,
      address: service.virtualAddresses[0],
      port: service.virtualPort,
      members: pool.members.map(({ servicePort, serverAddresses: [address] }) => ({
        host: hosts.get(address) ?? '',
        address,
        port: servicePort,
      })),
      scheduling:
        pool.loadBalancingMode === 'round-robin'
          ? ('roundRobin' as const)
          : ('leastConnections' as const),
      slowStart: pool.slowRampTime,
      connectionsPerMember: pool.members[0]?.connectionLimit,
      affinity: affinity === undefined ? undefined : part(persistShape, affinity.use).duration,
      idleTimeout: part(idleShape, service.profileL4.use).idleTimeout,
      source:
        service.snat === 'none' ? undefined : part(snatShape, service.snat.use).snatAddresses[0],
      checks: monitors.map(readCheck),
      probeInterval: monitors[0]?.interval,
      onFailure: pool.serviceDownAction === 'reset' ? ('reset' as const) : ('keep' as const),
    };
  });
}

function readCheck({
  monitorType: kind,
  targetPort,
  send = '',
}: z.infer<typeof monitorShape>): Check {
  if (kind === 'sip') return { kind, port: targetPort };
  if (kind === 'tcp') return { kind: 'connect', port: targetPort };
  const site = /\r\nHost: ([^\r]+)\r\n/u.exec(send)?.[1];
  if (site === undefined) throw unreadable('a web monitor that asks no site');
  return { kind, port: targetPort, site };
}
