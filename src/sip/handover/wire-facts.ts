import type { Dump } from '#base';
import type { Endpoint, Peer } from '../transport/connection.ts';

/** What a process has to know of a connection that another one holds. */
export interface WireFacts {
  readonly id: string;
  readonly peer: Peer;
  readonly label: string;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly serverName?: string | undefined;
}

/** The facts as a sibling is told them. */
export function tellFacts({ id, peer, label, local, remote, serverName }: WireFacts): Dump {
  const fqdn = peer.kind === 'server' ? peer.fqdn : null;
  const ends = [local.address, local.port, remote.address, remote.port];
  return [id, fqdn, label, serverName ?? null, ...ends];
}

/** The facts a sibling told; undefined for anything else. */
export function readFacts(told: unknown): WireFacts | undefined {
  if (!Array.isArray(told)) return undefined;
  const [id, fqdn, label, name, ...ends]: readonly unknown[] = told;
  const local = endOf(ends[0], ends[1]);
  const remote = endOf(ends[2], ends[3]);
  if (typeof id !== 'string' || typeof label !== 'string') return undefined;
  if (local === undefined || remote === undefined) return undefined;
  const peer: Peer = typeof fqdn === 'string' ? { kind: 'server', fqdn } : { kind: 'client' };
  const serverName = typeof name === 'string' ? name : undefined;
  return { id, peer, label, local, remote, serverName };
}

function endOf(address: unknown, port: unknown): Endpoint | undefined {
  return typeof address === 'string' && typeof port === 'number' ? { address, port } : undefined;
}
