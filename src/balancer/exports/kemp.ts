import type { Scheduling } from '#topology';
import { unreadable } from './reading.ts';
import type { BalancerRecord, Check, ServiceRecord } from './record.ts';
import type { ExportTarget } from './target.ts';

const schedules = {
  leastConnections: 'lc',
  roundRobin: 'rr',
  maglev: 'sh',
} as const satisfies Record<Scheduling, string>;

/** Kemp LoadMaster: the calls of its RESTful interface, one a line. */
export const kemp: ExportTarget = {
  destinationNat: true,
  render: (record) => [...head(record), ...record.services.flatMap(calls), ''].join('\n'),
  read,
  carries,
};

/** One check for each service, by TCP: the SIP port where a web service follows SIP. */
function carries(service: ServiceRecord): ServiceRecord {
  const [first] = service.checks;
  const check: readonly Check[] =
    first === undefined ? [] : [{ kind: 'connect', port: first.port }];
  return {
    ...service,
    slowStart: 0,
    source: service.source === undefined ? undefined : 'device',
    checks: check,
    probeInterval: undefined,
    onFailure: 'keep',
  };
}

function head({ balancer, services }: BalancerRecord): readonly string[] {
  return [
    `# ${balancer}: rendered by Usher from the topology; change that, not this.`,
    '# Load: switch the API of the LoadMaster on, keep a backup of its configuration, then in order',
    "#   grep '^/access' FILE | while read -r call; do",
    '#     curl --fail --cert admin.pem "https://LOADMASTER$call" || break; done',
    '# Roll back: restore the backup, or call',
    ...services.map(
      ({ address, port }) => `#   ${call('delvs', { vs: address, port, prot: 'tcp' })}`,
    ),
    '# What it cannot: a service has one check, here a TCP connection to the SIP port for the web',
    '# services, too, as they follow SIP; a member that accepts and says nothing stays in. Interval,',
    '# slow start and what becomes of sessions are settings of the device as a whole.',
    ...members(services),
  ];
}

function members(services: readonly ServiceRecord[]): readonly string[] {
  const all = services.flatMap((service) => service.members);
  return [...new Set(all.map(({ host, address }) => `# member ${address} ${host}`))];
}

function calls(service: ServiceRecord): readonly string[] {
  const where = { vs: service.address, port: service.port, prot: 'tcp' };
  const [check] = carries(service).checks;
  return [
    '',
    call('addvs', {
      ...where,
      NickName: service.name,
      VStype: 'gen',
      ForceL7: 1,
      // Transparent: members see the client, and have to answer through the device.
      Transparent: service.source === undefined ? 1 : 0,
      Schedule: schedules[service.scheduling],
      Idletime: service.idleTimeout,
      ...(service.affinity === undefined
        ? {}
        : { Persist: 'src', PersistTimeout: service.affinity }),
      ...(check === undefined
        ? { CheckType: 'none' }
        : { CheckType: 'tcp', CheckPort: check.port }),
    }),
    ...service.members.map(({ address, port }) =>
      call('addrs', {
        ...where,
        rs: address,
        rsport: port,
        ...(service.connectionsPerMember === undefined
          ? {}
          : { Limit: service.connectionsPerMember }),
      }),
    ),
  ];
}

function call(command: string, parameters: Readonly<Record<string, string | number>>): string {
  const words = Object.entries(parameters).map(([name, value]) => [name, String(value)]);
  return `/access/${command}?${new URLSearchParams(words).toString()}`;
}

function read(text: string): readonly ServiceRecord[] {
  const hosts = new Map(
    [...text.matchAll(/^# member (\S+) (\S+)$/gmu)].map(([, address = '', host = '']) => [
      address,
      host,
    ]),
  );
  const asked = [...text.matchAll(/^\/access\/(\w+)\?(\S+)$/gmu)].map(
    ([, command = '', query = '']) => ({ command, get: getter(new URLSearchParams(query)) }),
  );
  return asked
    .filter(({ command }) => command === 'addvs')
    .map(({ get }) => {
      const servers = asked
        .filter(({ command }) => command === 'addrs')
        .filter((one) => one.get('vs') === get('vs') && one.get('port') === get('port'));
      return readService(
        get,
        servers.map((one) => one.get),
        hosts,
      );
    });
}

type Get = (name: string, otherwise?: string) => string;

function getter(parameters: URLSearchParams): Get {
  return (name, otherwise) => {
    const value = parameters.get(name) ?? otherwise;
    if (value === undefined) throw unreadable(`no ${name}`);
    return value;
  };
}

function readService(
  get: Get,
  servers: readonly Get[],
  hosts: ReadonlyMap<string, string>,
): ServiceRecord {
  const affinity = get('PersistTimeout', '');
  const limit = servers[0]?.('Limit', '') ?? '';
  return {
    name: get('NickName'),
    address: get('vs'),
    port: Number(get('port')),
    members: servers.map((server) => ({
      host: hosts.get(server('rs')) ?? '',
      address: server('rs'),
      port: Number(server('rsport')),
    })),
    scheduling: readScheduling(get('Schedule')),
    slowStart: 0,
    connectionsPerMember: limit === '' ? undefined : Number(limit),
    affinity: affinity === '' ? undefined : Number(affinity),
    idleTimeout: Number(get('Idletime')),
    source: get('Transparent') === '1' ? undefined : 'device',
    checks: get('CheckType') === 'tcp' ? [{ kind: 'connect', port: Number(get('CheckPort')) }] : [],
    probeInterval: undefined,
    onFailure: 'keep',
  };
}

function readScheduling(word: string): Scheduling {
  for (const scheduling of ['leastConnections', 'roundRobin', 'maglev'] as const) {
    if (schedules[scheduling] === word) return scheduling;
  }
  throw unreadable(`the schedule ${word}`);
}
