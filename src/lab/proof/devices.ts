import { setTimeout as pause } from 'node:timers/promises';
import {
  addressesOf,
  addressesWithout,
  commonAddresses,
  joinAddresses,
  nftables,
  ProbeGrid,
  ruleSetOf,
} from '#firewall';
import type { AddressSet, Probe, RuleSet } from '#firewall';
import type { Plan } from '#ports';
import type { DeviceFinding, DeviceProof } from '#proof';
import { UsherError } from '#base';
import type { Agent } from '../agent/agent.ts';
import type { Emission } from '../agent/messages.ts';
import { command } from '../command.ts';
import type { Marks, Way } from '../plan/index.ts';
import { keyOf, observerTable, readObserver, type Seen } from './observer.ts';
import { Tracer } from './tracer.ts';

/** One device of a lab and what is to be proven of it. */
export interface Device {
  readonly name: string;
  readonly namespace: string;
  /** Addresses of a host; of a router those of its zones. */
  readonly addresses: AddressSet;
  /** Every address of the families the lab uses. */
  readonly world: AddressSet;
  readonly asked: RuleSet;
  /** As the device lists them; those asked for when they cannot be read. */
  readonly inForce: RuleSet;
}

/** Runs nft in a namespace. */
export function nft(namespace: string, args: readonly string[], input = ''): Promise<string> {
  return command('ip', ['netns', 'exec', namespace, 'nft', ...args], input);
}

/**
 * The rules in force on a device, whatever the proof itself has put there before left out. Where nobody can
 * read them, those asked for stand in: fewer borders are probed then, and it still shows what is wrong.
 */
export async function rulesInForce(plan: Plan, name: string, namespace: string): Promise<RuleSet> {
  // `delete` of a table that is not there fails; an empty one first makes it succeed.
  await nft(
    namespace,
    ['-f', '-'],
    `table inet ${observerTable}\ndelete table inet ${observerTable}\n`,
  );
  const content = await nft(namespace, ['list', 'ruleset']);
  const asked = ruleSetOf(plan, name);
  try {
    return nftables.read([{ name: `${name}.nft`, content }])[0] ?? asked;
  } catch (error) {
    if (error instanceof UsherError && error.code === 'USHER_RULES_UNREADABLE') return asked;
    throw error;
  }
}

/** What an observer has seen up to now. */
export async function seenBy(namespace: string): Promise<Seen> {
  return readObserver(await nft(namespace, ['-j', 'list', 'table', 'inet', observerTable]));
}

/** Times an emission is repeated: a first packet may be lost while its next hop is being looked up. */
const rounds = 5;
/** Times, and milliseconds between, that the counters are read for packets under way. */
const looks = 20;
const between = 15;

/**
 * Sends packets until one whole round of them was seen at the device, so that what it did not let pass is
 * known to have been there.
 *
 * @param count how many packets of the mark the device has seen
 * @returns how many packets a round has
 * @throws UsherError `USHER_LAB_LOST` when packets get lost before the device
 */
export async function emitAll(
  agent: Agent,
  emission: Emission,
  count: () => Promise<number>,
): Promise<number> {
  let lost = '';
  for (let round = 0; round < rounds; round++) {
    const before = await count();
    const { sent, failed } = await agent.emit({ kind: 'emit', ...emission });
    let arrived = 0;
    for (let look = 0; look < looks; look++) {
      arrived = (await count()) - before;
      if (arrived >= sent) break;
      await pause(between);
    }
    if (arrived >= sent && Object.keys(failed).length === 0) return sent;
    lost = `${arrived} of ${sent} packets arrived ${JSON.stringify(failed)}`;
  }
  throw new UsherError('USHER_LAB_LOST', `no sound measurement: ${lost}`, {
    remedy: 'See whether wires and hosts of the lab are there (usher lab status); try again.',
  });
}

/** Who sends for a device, and how. */
export interface Sender {
  readonly agent: Agent;
  readonly way: Way;
  readonly marks: Marks;
  /** Whether it is to hand the packets on in its kernel, instead of taking them in. Default false. */
  readonly handed?: boolean;
}

const directions = { own: 'out', direct: 'in', routed: 'forward' } as const;

/** Sources that can be played and destinations that lead to the device, by the way packets are put. */
function reach(device: Device, way: Way): { from: AddressSet; to: AddressSet } {
  const addresses = commonAddresses(device.addresses, device.world);
  const others = addressesWithout(device.world, addresses);
  if (way === 'own') return { from: addresses, to: others };
  return way === 'direct' ? { from: others, to: addresses } : { from: addresses, to: addresses };
}

const ranges = (ports: readonly number[]): Emission['ports'] =>
  ports.map((port) => [port, port] as const);

/**
 * Puts every packet class of the rules asked for and those in force before a device, with its corners, and
 * compares what it lets pass with the port table. For each difference the kernel is asked which rule
 * decided.
 *
 * @throws UsherError `USHER_LAB_LOST`, `USHER_LAB_AGENT`, `USHER_LAB_COMMAND`
 */
export async function proveDevice(
  device: Device,
  { agent, way, marks, handed = false }: Sender,
): Promise<DeviceProof> {
  const direction = directions[way];
  const set = handed ? 'handed' : direction;
  const { asked, inForce, namespace, name } = device;
  const grid = new ProbeGrid(asked, inForce, direction, reach(device, way));
  const counter = way === 'own' ? 'left' : 'arrived';
  const emission: Emission = {
    mark: marks.probes[way],
    protocols: ['tcp', 'udp'],
    sources: grid.sources,
    destinations: grid.destinations,
    ports: ranges(grid.ports),
  };
  const probed = await emitAll(agent, emission, () => countOf(namespace, counter));
  const passed = (await seenBy(namespace)).passed[set] ?? new Set<string>();
  const groups = Map.groupBy(differences(grid, passed), ({ probe, kind }) =>
    [kind, grid.asked(probe).rule?.id, grid.inForce(probe).rule?.id].join(' '),
  );
  const findings: DeviceFinding[] = [];
  if (groups.size > 0) {
    const tracer = new Tracer(namespace, marks);
    try {
      for (const [first, ...more] of groups.values()) {
        if (first === undefined) continue;
        const { kind, probe } = first;
        findings.push({
          kind,
          row: kind === 'blocked' ? grid.asked(probe).rule?.id : undefined,
          decided: await tracer.decide(agent, way, probe),
          packet: probe,
          probes: more.length + 1,
        });
      }
    } finally {
      await tracer.close();
    }
  }
  return {
    device: name,
    direction: handed ? 'forward' : direction,
    probed,
    admitted: passed.size,
    findings,
  };
}

function* differences(
  grid: ProbeGrid,
  passed: ReadonlySet<string>,
): Iterable<{ readonly kind: DeviceFinding['kind']; readonly probe: Probe }> {
  for (const probe of grid.probes()) {
    const is = passed.has(keyOf(probe));
    if (is === grid.asked(probe).admitted) continue;
    yield { kind: is ? 'admitted' : 'blocked', probe };
  }
}

/** Packets a counter of the observer has. */
export async function countOf(namespace: string, counter: 'arrived' | 'left'): Promise<number> {
  const text = await nft(namespace, ['list', 'counter', 'inet', observerTable, counter]);
  return Number(/packets (\d+)/u.exec(text)?.[1] ?? 0);
}

/** The addresses of a host, or of all the zones a router stands between. */
export function addressesOfDevice(plan: Plan, name: string, own: readonly string[]): AddressSet {
  if (own.length > 0) return addressesOf(own);
  return joinAddresses(ruleSetOf(plan, name).zones.map(({ addresses }) => addresses));
}
