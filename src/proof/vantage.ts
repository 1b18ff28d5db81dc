import { networkInterfaces } from 'node:os';
import type { Flow, Plan } from '#ports';
import { familyOf, findHost } from '#topology';

/** Where a probe starts: what the far end sees of us. */
export interface Vantage {
  /** FQDN of the host played, or the kind of client. */
  readonly name: string;
  /** Source address to bind; undefined lets the kernel choose. */
  readonly address: string | undefined;
  /** Present where the kernel has to choose an address of this family. */
  readonly family?: 4 | 6;
  /** FQDN whose certificate is presented; undefined: none. */
  readonly identity: string | undefined;
}

/** Where a probe ends. */
export interface Goal {
  readonly address: string;
  readonly port: number;
  /** Name the far end has to prove. */
  readonly name: string;
  /** FQDN of the pool the destination belongs to, when it does. */
  readonly pool: string | undefined;
}

/** True when this machine can send from the address; all of 127.0.0.0/8 is every Linux machine's. */
export function isLocal(address: string): boolean {
  if (address.startsWith('127.') || address === '::1') return true;
  return Object.values(networkInterfaces()).some((list) =>
    list?.some((each) => each.address === address),
  );
}

/**
 * Every vantage point of a flow's source. Clients are played from the first address of their
 * network when that is loopback, from wherever the kernel likes otherwise. A log controller may
 * run on any host of the topology: `controller` is the FQDN of the one it is played on.
 */
export function vantagesOf(plan: Plan, flow: Flow, controller: string): readonly Vantage[] {
  const { source } = flow;
  if (flow.application === 'CLS' || source.hosts.length === 0) {
    const cls = flow.application === 'CLS';
    const name = cls ? 'log controller' : source.role;
    return clientsOf(source.addresses).map((own) => ({
      name,
      ...own,
      identity: cls ? controller : undefined,
    }));
  }
  return source.hosts.flatMap((fqdn) => {
    const host = findHost(plan.topology, fqdn);
    if (host === undefined) return [];
    const own = source.interface === 'external' ? host.external?.addresses : host.addresses;
    return (own ?? []).map((address) => ({ name: fqdn, address, identity: fqdn }));
  });
}

/** Which vantage points of a flow a process speaks for. */
export type Plays = (flow: Flow, vantage: Vantage) => boolean;

/** Speaks for the hosts this machine is; clients and log controllers are no hosts. */
export const playsHere: Plays = (flow, { address }) =>
  flow.application !== 'CLS' &&
  flow.source.hosts.length > 0 &&
  address !== undefined &&
  isLocal(address);

/** Every destination socket of a flow. */
export function goalsOf(plan: Plan, flow: Flow): readonly Goal[] {
  const { destination, port } = flow;
  if (destination.via === 'vip') {
    const pool = destination.pool;
    return destination.addresses.map((address) => ({
      address,
      port,
      name: pool ?? address,
      pool,
    }));
  }
  return destination.hosts.flatMap((fqdn) => {
    const host = findHost(plan.topology, fqdn);
    if (host === undefined) return [];
    const outside = destination.interface === 'external' ? host.external : undefined;
    return (outside?.addresses ?? host.addresses).map((address) => ({
      address,
      port,
      name: outside?.fqdns[0] ?? host.fqdn,
      pool: host.pool,
    }));
  });
}

/** True when packets can go from one to the other: they are of one address family. */
export function canTalk({ address, family }: Vantage, goal: Goal): boolean {
  const own = address === undefined ? family : familyOf(address);
  return own === undefined || own === familyOf(goal.address);
}

/** Where clients of these blocks are played from: once, or once a family where the blocks are of both. */
function clientsOf(blocks: readonly string[]): readonly Pick<Vantage, 'address' | 'family'>[] {
  const byFamily = Map.groupBy(blocks, familyOf);
  if (byFamily.size <= 1) return [{ address: clientAddress(blocks) }];
  return [...byFamily].map(([family, own]) => ({
    address: clientAddress(own),
    ...(family === undefined ? {} : { family }),
  }));
}

/** The first usable address of the first loopback block, e.g. 127.30.0.1 for 127.30.0.0/16. */
function clientAddress(blocks: readonly string[]): string | undefined {
  const [block] = blocks;
  const match = /^(127\.\d+\.\d+)\.(\d+)(?:\/\d+)?$/u.exec(block ?? '');
  if (match === null) return undefined;
  return `${match[1]}.${Number(match[2]) + (block?.includes('/') === true ? 1 : 0)}`;
}
