import { entries, hostsIn, isComplete, nameOf, poolsOf } from './inventory.ts';
import type { DraftPool, Entry, Report } from './inventory.ts';
import type { Draft } from './salvage.ts';
import { didYouMean } from './words.ts';

const listed = (names: readonly string[]): string =>
  names.length === 0 ? 'none is defined' : names.join(', ');

function namesOf(pools: readonly Entry<DraftPool>[]): string[] {
  return pools.flatMap(({ value }) => (value.fqdn === undefined ? [] : [nameOf(value.fqdn)]));
}

/** The pool a host is a member of, for those who wrote the host where a pool belongs. */
function poolOfMember(pools: readonly Entry<DraftPool>[], fqdn: string): string | undefined {
  return pools.find(({ value }) =>
    value.members?.some((member) => nameOf(member?.fqdn ?? '') === nameOf(fqdn)),
  )?.value.fqdn;
}

function remedyFor(pools: readonly Entry<DraftPool>[], written: string): string {
  const pool = poolOfMember(pools, written);
  return pool === undefined
    ? `${didYouMean(written, namesOf(pools))}Name a pool of this file.`
    : `${written} is a server; write its pool, ${pool}.`;
}

function checkBackup(
  pools: readonly Entry<DraftPool>[],
  pool: Entry<DraftPool>,
  complete: boolean,
  report: Report,
): void {
  const { backupPool, fqdn, role } = pool.value;
  if (backupPool === undefined) return;
  const path = [...pool.path, 'backupPool'];
  const candidates = pools.filter(
    ({ value }) => value.role === 'frontEnd' && nameOf(value.fqdn ?? '') !== nameOf(fqdn ?? ''),
  );
  const allowed = `another Front End pool: ${listed(namesOf(candidates))}`;
  if (role === 'director') {
    report(
      path,
      'director-has-backup',
      `${backupPool}, on a Director pool`,
      'a backup pool on Front End pools only',
      'Remove it; Directors home nobody, so nothing has to be taken over.',
    );
  } else if (nameOf(backupPool) === nameOf(fqdn ?? '')) {
    report(
      path,
      'backup-is-itself',
      `${backupPool}, the pool itself`,
      allowed,
      'Name another Front End pool, or remove it.',
    );
  } else {
    const target = pools.find(({ value }) => nameOf(value.fqdn ?? '') === nameOf(backupPool));
    if (target === undefined && complete) {
      report(path, 'unknown-pool', backupPool, allowed, remedyFor(pools, backupPool));
    } else if (target?.value.role === 'director') {
      report(
        path,
        'backup-is-director',
        `${backupPool}, a Director pool`,
        allowed,
        'Name a Front End pool; Directors home nobody.',
      );
    }
  }
}

function checkNextHops(draft: Draft, pools: readonly Entry<DraftPool>[], report: Report): void {
  const directors = pools.filter(({ value }) => value.role === 'director');
  const wanted = directors.length > 0 ? directors : pools;
  const kind = directors.length > 0 ? 'a Director pool' : 'a Front End pool';
  for (const { value: edge, path } of entries(draft.edges, ['edges'])) {
    if (edge.nextHop === undefined) continue;
    const written = edge.nextHop;
    const target = pools.find(({ value }) => nameOf(value.fqdn ?? '') === nameOf(written));
    const allowed = `${kind}: ${listed(namesOf(wanted))}`;
    if (target === undefined && isComplete(draft.pools)) {
      report([...path, 'nextHop'], 'unknown-pool', written, allowed, remedyFor(pools, written));
    } else if (target?.value.role === 'frontEnd' && directors.length > 0) {
      report(
        [...path, 'nextHop'],
        'next-hop-bypasses-director',
        `${written}, a Front End pool`,
        allowed,
        'Lead remote users to the Director; otherwise nobody authenticates them before the home pools.',
      );
    }
  }
}

function checkBalancers(draft: Draft, pools: readonly Entry<DraftPool>[], report: Report): void {
  if (!isComplete(draft.balancers)) return;
  const names = entries(draft.balancers, ['balancers']).flatMap(({ value }) =>
    value.fqdn === undefined ? [] : [nameOf(value.fqdn)],
  );
  const hosts = hostsIn(draft).flatMap(({ value }) =>
    value.fqdn === undefined ? [] : [nameOf(value.fqdn)],
  );
  for (const { value, path } of pools) {
    for (const key of ['balancer', 'standby'] as const) {
      const written = value[key];
      if (written === undefined || names.includes(nameOf(written))) continue;
      const elsewhere = hosts.includes(nameOf(written));
      report(
        [...path, key],
        'unknown-balancer',
        elsewhere ? `${written}, which is no load balancer` : written,
        `a host under "balancers": ${listed(names)}`,
        `${didYouMean(written, names)}List the load balancer under "balancers:".`,
      );
    }
  }
}

/** Names that have to lead to something: backup pools, next hops, balancers and their standbys. */
export function checkReferences(draft: Draft, report: Report): void {
  const pools = poolsOf(draft);
  for (const pool of pools) checkBackup(pools, pool, isComplete(draft.pools), report);
  checkNextHops(draft, pools, report);
  checkBalancers(draft, pools, report);
}
