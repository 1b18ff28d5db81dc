import { serversFor } from '#identity';
import type { User } from '#identity';
import { continueChain } from '#sip';
import type { NamedDecider } from '#sip';
import { findPool } from '#topology';
import type { Pool } from '#topology';
import { livingFirst } from '../pool-health.ts';
import type { PoolHealth } from '../pool-health.ts';
import type { DirectorContext, Home, Self } from './context.ts';
import { refuse } from './diagnostics.ts';

/**
 * The pools and servers of a user: home pool before backup pool, and in each the user's own order of
 * members; what is known to be dead goes last, so a wholly dead home pool yields to its backup.
 * Undefined when the topology has no such pool.
 */
export function homeOf(self: Self, user: User, health: PoolHealth): Home | undefined {
  const primary = findPool(self.topology, user.homePool);
  if (primary?.role !== 'frontEnd') return undefined;
  const backup =
    primary.backupPool === undefined ? undefined : findPool(self.topology, primary.backupPool);
  const pools = backup === undefined ? [primary] : [primary, backup];
  const takesUsers = (pool: Pool): boolean => pool.members.some(({ fqdn }) => health.alive(fqdn));
  return {
    pools: livingFirst(pools, takesUsers),
    servers: () => livingFirst(serversFor(self.topology, user), ({ fqdn }) => health.alive(fqdn)),
  };
}

/** Finds the home of the authenticated user, who decides about the way of the request. Sets `home`. */
export function locateHome(self: Self, health: PoolHealth): NamedDecider<DirectorContext> {
  return {
    name: 'locateHome',
    decide({ facts }) {
      const home = facts.caller === undefined ? undefined : homeOf(self, facts.caller, health);
      if (home === undefined) return refuse(404, 'Not Found', 'notInPool', self.host.fqdn);
      facts.home = home;
      return continueChain;
    },
  };
}
