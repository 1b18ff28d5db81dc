import { findPool, type Host, type Pool, type Topology } from '#topology';
import type { User } from './user.ts';

/**
 * The Front Ends of a user, best first: the members of the home pool, then those of its backup pool,
 * each in the user's own order. Rendezvous hashing: every server computes the same order from the
 * topology alone, users spread evenly, and when a member comes or goes only its own users move.
 *
 * Empty when the topology has no such pool.
 */
export function serversFor(
  topology: Topology,
  user: Pick<User, 'aor' | 'homePool'>,
): readonly Host[] {
  const home = findPool(topology, user.homePool);
  if (home === undefined) return [];
  const backup = home.backupPool === undefined ? undefined : findPool(topology, home.backupPool);
  const aor = user.aor.toLowerCase();
  const first = inOrderOf(aor, home);
  return backup === undefined ? first : [...first, ...inOrderOf(aor, backup)];
}

function inOrderOf(aor: string, pool: Pool): readonly Host[] {
  if (pool.members.length < 2) return pool.members;
  return pool.members
    .map((host) => ({ host, weight: weigh(`${host.fqdn} ${aor}`) }))
    .toSorted((a, b) => b.weight - a.weight || (a.host.fqdn < b.host.fqdn ? -1 : 1))
    .map(({ host }) => host);
}

/** FNV-1a with the finishing rounds of MurmurHash3: even in every bit, and cheap. Not for secrets. */
function weigh(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
