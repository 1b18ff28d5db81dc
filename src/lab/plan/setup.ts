import { parseAddress, parseNetwork } from '#topology';
import { ruleSetOf } from '#firewall';
import type { RuleSet } from '#firewall';
import { virtualServicesOf, type Plan } from '#ports';
import type { LabNetwork, Port, Router, Segment, Station } from './network.ts';
import { markedPorts } from './marks.ts';
import { namespaceOf, wire } from './names.ts';

/** What is done inside one namespace, in this order. */
export interface Setup {
  /** Name of the station, router or wire. */
  readonly station: string;
  readonly namespace: string;
  /** Keys as under /proc/sys, with slashes. */
  readonly sysctls: readonly (readonly [key: string, value: string])[];
  /** Lines for `ip -batch`. */
  readonly ip: readonly string[];
  /** Lines for `ip -6 -batch`. */
  readonly ip6: readonly string[];
  /** The rules it is under; absent for clients and the wiring. */
  readonly rules?: RuleSet;
}

export interface Setups {
  /** Lines for `ip -batch` in the namespace of the machine: both ends of every wire. */
  readonly links: readonly string[];
  readonly setups: readonly Setup[];
}

/** Link-local addresses: every wire has the same, so none can meet an address of the topology. */
const nearby = {
  /** The firewall a wire leads to. */
  router: { 4: '169.254.0.1', 6: 'fe80::1' },
  /** The wire itself, for who puts packets on it. */
  wire: { 4: '169.254.0.2', 6: 'fe80::2' },
  /** A network of clients. */
  clients: { 4: '169.254.0.10', 6: 'fe80::10' },
} as const;

const firstTable = 100;
const directTable = 99;

const familyOf = (text: string): 4 | 6 => (parseAddress(text) ?? parseNetwork(text))?.family ?? 4;

/** Sorts commands by family; each is made from one address or block. */
class Commands {
  readonly 4: string[] = [];
  readonly 6: string[] = [];

  /** One command a text, for the batch of the text's family. */
  each(texts: readonly string[], command: (text: string, family: 4 | 6) => string): void {
    for (const text of texts) {
      const family = familyOf(text);
      this[family].push(command(text, family));
    }
  }

  /** The same command in each of the families. */
  both(families: readonly (4 | 6)[], command: (family: 4 | 6) => string): void {
    for (const family of families) this[family].push(command(family));
  }
}

const linkAddress = (family: 4 | 6, address: string, device: string): string =>
  family === 4
    ? `addr add ${address}/32 dev ${device}`
    : `addr add ${address}/64 dev ${device} nodad`;

const via = (family: 4 | 6, hop: Readonly<Record<4 | 6, string>>, device: string): string =>
  `via ${hop[family]} dev ${device}${family === 4 ? ' onlink' : ''}`;

const hostBits = (family: 4 | 6): number => (family === 4 ? 32 : 128);

const segmentAt = ({ segments }: LabNetwork, port: Port): Segment => {
  const found = segments[port.segment];
  if (found === undefined) throw new Error('a port is plugged into a segment of its network');
  return found;
};

/** What every namespace has switched: no IPv6 where nobody uses it, no duplicate address detection. */
const common = ({ families }: LabNetwork): Setup['sysctls'] => [
  ...(families.includes(6) ? [] : ([['net/ipv6/conf/all/disable_ipv6', '1']] as const)),
  ['net/ipv6/conf/all/accept_dad', '0'],
  ['net/ipv6/conf/default/accept_dad', '0'],
  ['net/ipv6/conf/default/accept_ra', '0'],
  ['net/ipv4/conf/all/rp_filter', '0'],
  ['net/ipv4/conf/default/rp_filter', '0'],
];

/** What a namespace has switched that passes packets on. */
const forwarding: Setup['sysctls'] = [
  ['net/ipv4/conf/all/send_redirects', '0'],
  ['net/ipv4/conf/default/send_redirects', '0'],
  ['net/ipv4/ip_forward', '1'],
  ['net/ipv6/conf/all/forwarding', '1'],
];

/** A balancer in whose kernel connections are translated. */
function translates(plan: Plan, { host }: Station): boolean {
  return (
    host !== undefined &&
    virtualServicesOf(plan, host.fqdn).some(({ engine }) => engine === 'nftables')
  );
}

function stationSetup(lab: string, network: LabNetwork, station: Station, plan: Plan): Setup {
  const commands = new Commands();
  for (const [index, port] of station.ports.entries()) {
    const device = `eth${index}`;
    const { blocks, clients } = segmentAt(network, port);
    // The first port is in the main table; what comes in by another leaves by it, too.
    const table = index === 0 ? '' : ` table ${firstTable + index}`;
    const own = new Map(port.addresses.map((text) => [familyOf(text), text] as const).toReversed());
    const families = [...own.keys()];
    commands[4].push(`link set ${device} up`);
    commands.each(
      port.addresses,
      (text, family) =>
        `addr add ${text}/${hostBits(family)} dev ${device}${family === 6 ? ' nodad' : ''}`,
    );
    if (clients) {
      commands.both(families, (family) => linkAddress(family, nearby.clients[family], device));
      commands.each(blocks, (block) => `route add local ${block} dev lo`);
    } else {
      const used = blocks.filter((block) => own.has(familyOf(block)));
      commands.each(used, (block) => `route add ${block} dev ${device}${table}`);
    }
    commands.both(
      families,
      (family) =>
        `route add default ${via(family, nearby.router, device)} src ${own.get(family)}${table}`,
    );
    if (index > 0)
      commands.each(port.addresses, (text) => `rule add from ${text} lookup ${firstTable + index}`);
  }
  return {
    station: station.name,
    namespace: namespaceOf(lab, station.name),
    sysctls: [...common(network), ...(translates(plan, station) ? forwarding : [])],
    ip: ['link set lo up', ...commands[4]],
    ip6: commands[6],
    ...(station.host === undefined ? {} : { rules: ruleSetOf(plan, station.name) }),
  };
}

function routerSetup(lab: string, network: LabNetwork, router: Router, plan: Plan): Setup {
  const commands = new Commands();
  for (const { index, router: owner, blocks, clients, zone } of network.segments) {
    if (owner !== router) continue;
    const device = `z${index}`;
    commands[4].push(`link set ${device} up`);
    commands.both(network.families, (family) => linkAddress(family, nearby.router[family], device));
    commands.each(blocks, (block, family) =>
      clients
        ? `route add ${block} ${via(family, nearby.clients, device)}`
        : `route add ${block} dev ${device}`,
    );
    if (zone === 'outside')
      commands.both(
        network.families,
        (family) => `route add default ${via(family, nearby.clients, device)}`,
      );
  }
  return {
    station: router,
    namespace: namespaceOf(lab, router),
    sysctls: [...common(network), ...forwarding],
    ip: ['link set lo up', ...commands[4]],
    ip6: commands[6],
    rules: ruleSetOf(plan, router),
  };
}

const range = ({ first, last }: { readonly first: number; readonly last: number }): string =>
  `${first}-${last}`;

/**
 * The wires, as bridges of one namespace. Whoever works in it can put packets of any source before a
 * host's or a firewall's door; nothing is ever delivered to it.
 */
function wireSetup(lab: string, network: LabNetwork, plugs: readonly Plug[]): Setup {
  const commands = new Commands();
  const { direct, routed } = markedPorts;
  for (const { index, blocks, zone } of network.segments) {
    const device = `z${index}`;
    const own = plugs.filter(({ segment }) => segment === index);
    commands[4].push(
      `link add ${device} type bridge mcast_snooping 0`,
      ...own.flatMap(({ peer }) => [`link set ${peer} master ${device}`, `link set ${peer} up`]),
      `link set ${device} up`,
    );
    const table = firstTable + index;
    commands.both(network.families, (family) => linkAddress(family, nearby.wire[family], device));
    commands.each(blocks, (block) => `route add ${block} dev ${device} table ${directTable}`);
    commands.both(
      network.families,
      (family) => `route add default ${via(family, nearby.router, device)} table ${table}`,
    );
    commands.each(
      blocks,
      (block) => `rule add pref 20 from ${block} sport ${range(routed)} lookup ${table}`,
    );
    if (zone === 'outside')
      commands.both(
        network.families,
        () => `rule add pref 30 sport ${range(routed)} lookup ${table}`,
      );
  }
  commands.both(
    network.families,
    () => `rule add pref 10 sport ${range(direct)} lookup ${directTable}`,
  );
  // Every source is a local one here, and no destination: the local table is asked last.
  commands.both(network.families, (family) =>
    family === 4 ? 'route add local 0.0.0.0/0 dev lo' : 'route add local ::/0 dev lo',
  );
  commands.both(network.families, () => 'rule add pref 100 lookup local');
  commands.both(network.families, () => 'rule del pref 0');
  return {
    station: wire,
    namespace: namespaceOf(lab, wire),
    sysctls: [
      ...common(network),
      ['net/ipv4/ip_nonlocal_bind', '1'],
      ...(network.families.includes(6) ? ([['net/ipv6/ip_nonlocal_bind', '1']] as const) : []),
      // Its neighbour requests must not name the sources it plays.
      ['net/ipv4/conf/all/arp_announce', '2'],
      ['net/ipv4/conf/all/arp_ignore', '8'],
    ],
    ip: ['link set lo up', ...commands[4]],
    ip6: commands[6],
  };
}

/** One end of a wire in a namespace, the other in that of the wires. */
interface Plug {
  readonly namespace: string;
  readonly device: string;
  readonly peer: string;
  readonly segment: number;
}

function plugsOf(lab: string, { stations, segments }: LabNetwork): readonly Plug[] {
  const ends = [
    ...stations.flatMap(({ name, ports }) =>
      ports.map(({ segment }, index) => ({ name, device: `eth${index}`, segment })),
    ),
    ...segments.map(({ index, router }) => ({ name: router, device: `z${index}`, segment: index })),
  ];
  return ends.map(({ name, device, segment }, index) => ({
    namespace: namespaceOf(lab, name),
    device,
    peer: `p${index}`,
    segment,
  }));
}

/** Everything that has to be done to lay the network of a lab. Pure. */
export function setupsOf(lab: string, network: LabNetwork, plan: Plan): Setups {
  const plugs = plugsOf(lab, network);
  const hub = namespaceOf(lab, wire);
  return {
    links: plugs.map(
      ({ namespace, device, peer }) =>
        `link add ${device} netns ${namespace} type veth peer name ${peer} netns ${hub}`,
    ),
    setups: [
      wireSetup(lab, network, plugs),
      routerSetup(lab, network, 'gateway', plan),
      routerSetup(lab, network, 'perimeter', plan),
      ...network.stations.map((station) => stationSetup(lab, network, station, plan)),
    ],
  };
}
