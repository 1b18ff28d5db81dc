import { availableParallelism } from 'node:os';
import { deviceNames, everyIPv4, everyIPv6, joinAddresses, ruleSetOf } from '#firewall';
import type { Plan } from '#ports';
import { runsUsher } from '#topology';
import { judge } from '#proof';
import type { DeviceProof, Proof, RefusalProof, UnexpectedSocket } from '#proof';
import { Agent } from '../agent/agent.ts';
import type { SeenRow } from '../agent/messages.ts';
import { marksAt, namespaceOf, networkOf, wire } from '../plan/index.ts';
import type { LabNetwork, Marks, Station } from '../plan/index.ts';
import type { LabRecord } from '../record.ts';
import {
  addressesOfDevice,
  nft,
  proveDevice,
  rulesInForce,
  seenBy,
  type Device,
} from './devices.ts';
import { seenFromBothEnds } from './both-ends.ts';
import { observer, observerTable } from './observer.ts';
import { comparePairs, sweepFrom } from './pairs.ts';
import { translationOf } from './translation.ts';

export interface ProveOptions {
  /** Stations that try all 65,535 ports of everybody else. */
  readonly sweep: readonly string[];
  /** Only what devices let pass, not what their services answer. */
  readonly devicesOnly: boolean;
  /** Called as parts of the proof are there. */
  readonly progress: (what: string, done: number, of: number) => void;
  readonly now: number;
}

const routers: ReadonlySet<string> = new Set(['gateway', 'perimeter']);

/** Sources of flows the networks of clients play. */
const roles: Readonly<Record<string, string>> = {
  internalClients: 'internalClient',
  administration: 'logController',
  outside: 'remoteClient',
};

/** What the agents of the stations have brought home. */
interface Gathered {
  readonly rows: (SeenRow & { readonly station: Station })[];
  readonly refusals: RefusalProof[];
  readonly devices: DeviceProof[];
  readonly unexpected: UnexpectedSocket[];
  looked: number;
  swept: number;
}

/**
 * Proves a lab from every station in it: each row is asked for where it starts, each device is shown every
 * packet class of its rules, and what it lets pass is seen behind its filter. Observers and agents
 * are gone afterwards.
 *
 * @throws UsherError `USHER_LAB_AGENT`, `USHER_LAB_LOST`, `USHER_LAB_COMMAND`
 */
export async function proveLab(
  record: LabRecord,
  plan: Plan,
  options: ProveOptions,
): Promise<Proof> {
  const network = networkOf(plan);
  const marks = marksAt(options.now);
  const { name } = record;
  const devices = await devicesOf(name, plan, network);
  const watched = [...network.stations.map((station) => station.name), ...routers];
  const gathered: Gathered = {
    rows: [],
    refusals: [],
    devices: [],
    unexpected: [],
    looked: 0,
    swept: 0,
  };
  try {
    await Promise.all(
      watched.map((station) => {
        const kind = routers.has(station) ? 'router' : 'host';
        return nft(namespaceOf(name, station), ['-f', '-'], observer(kind, marks));
      }),
    );
    const total = network.stations.length + 1;
    let done = 0;
    const told = (what: string): void => options.progress(what, ++done, total);
    const queue = network.stations.values();
    const worker = async (): Promise<void> => {
      for (const station of queue) {
        await askStation(record, network, station, devices, marks, options, gathered);
        told(station.name);
      }
    };
    const fromWire = async (): Promise<void> => {
      await askWire(name, plan, devices, marks, gathered);
      told(wire);
    };
    const workers = Math.max(1, availableParallelism() - 1);
    await Promise.all([fromWire(), ...Array.from({ length: workers }, worker)]);
    const sweepers = network.stations.filter((each) => options.sweep.includes(each.name));
    const pairs =
      sweepers.length > 0
        ? await comparePairs(name, network, plan, sweepers, gathered.swept)
        : undefined;
    const order = new Map(deviceNames(plan).map((device, index) => [device, index]));
    return {
      rows: options.devicesOnly ? [] : await judged(name, plan, network, gathered.rows),
      refusals: gathered.refusals,
      closed: {
        probed: gathered.looked,
        unexpectedlyOpen: gathered.unexpected,
        remarks: [],
      },
      devices: gathered.devices.toSorted(
        (a, b) => (order.get(a.device) ?? 0) - (order.get(b.device) ?? 0),
      ),
      ...(pairs === undefined ? {} : { pairs }),
    };
  } finally {
    await Promise.allSettled(
      watched.map((station) =>
        nft(namespaceOf(name, station), ['delete', 'table', 'inet', observerTable]),
      ),
    );
  }
}

async function devicesOf(
  lab: string,
  plan: Plan,
  network: LabNetwork,
): Promise<ReadonlyMap<string, Device>> {
  const world = joinAddresses(
    network.families.map((family) => (family === 4 ? everyIPv4 : everyIPv6)),
  );
  const found = await Promise.all(
    deviceNames(plan).map(async (name): Promise<Device> => {
      const namespace = namespaceOf(lab, name);
      const station = network.stations.find((each) => each.name === name);
      const own = station?.ports.flatMap(({ addresses }) => addresses) ?? [];
      return {
        name,
        namespace,
        addresses: addressesOfDevice(plan, name, own),
        world,
        asked: ruleSetOf(plan, name),
        inForce: await rulesInForce(plan, name, namespace),
      };
    }),
  );
  return new Map(found.map((device) => [device.name, device]));
}

/** Everything a station can prove by itself. */
async function askStation(
  { name, topologyFile, stateDirectory }: LabRecord,
  network: LabNetwork,
  station: Station,
  devices: ReadonlyMap<string, Device>,
  marks: Marks,
  { sweep, devicesOnly }: ProveOptions,
  gathered: Gathered,
): Promise<void> {
  const agent = await Agent.start(namespaceOf(name, station.name));
  try {
    const device = devices.get(station.name);
    if (device !== undefined) {
      gathered.devices.push(await proveDevice(device, { agent, way: 'own', marks }));
    }
    if (!devicesOnly) {
      const { rows, refusals, closed } = await agent.prove({
        kind: 'prove',
        topologyFile,
        stateDirectory,
        host: station.host?.fqdn,
        ours: station.host !== undefined && runsUsher(station.host),
        role: roles[station.name],
      });
      gathered.rows.push(...rows.map((row) => ({ ...row, station })));
      gathered.refusals.push(...refusals);
      gathered.unexpected.push(...(closed?.unexpectedlyOpen ?? []));
      gathered.looked += closed?.probed ?? 0;
    }
    if (sweep.includes(station.name))
      gathered.swept += await sweepFrom(name, network, station, agent, marks);
  } finally {
    await agent.close();
  }
}

/** What has to be put before the devices' doors: to hosts, and through the two firewalls. */
async function askWire(
  lab: string,
  plan: Plan,
  devices: ReadonlyMap<string, Device>,
  marks: Marks,
  gathered: Gathered,
): Promise<void> {
  const agent = await Agent.start(namespaceOf(lab, wire));
  try {
    for (const device of devices.values()) {
      const way = routers.has(device.name) ? 'routed' : 'direct';
      gathered.devices.push(await proveDevice(device, { agent, way, marks }));
      const handing = translationOf(plan, device);
      if (handing !== undefined) {
        const proof = await proveDevice(handing, { agent, way, marks, handed: true });
        gathered.devices.push(proof);
      }
    }
  } finally {
    await agent.close();
  }
}

/** The rows, each with the probes of all who play its source, as both ends saw them. */
async function judged(
  lab: string,
  plan: Plan,
  network: LabNetwork,
  rows: Gathered['rows'],
): Promise<Proof['rows']> {
  const opened = new Map<string, ReadonlySet<string>>();
  for (const { name, host, ports } of network.stations) {
    if (host === undefined) continue;
    const seen = await seenBy(namespaceOf(lab, name));
    for (const address of ports.flatMap(({ addresses }) => addresses))
      opened.set(address, seen.opened);
  }
  const byFlow = Map.groupBy(rows, ({ flow }) => flow);
  return plan.flows.map((flow) =>
    judge(
      flow,
      (byFlow.get(flow.id) ?? []).flatMap(({ probes, station }) =>
        probes.map((probe) =>
          seenFromBothEnds(probe, stationAddresses(station), opened.get(probe.goal.address)),
        ),
      ),
    ),
  );
}

const stationAddresses = ({ ports }: Station): readonly string[] =>
  ports.flatMap(({ addresses }) => addresses);
