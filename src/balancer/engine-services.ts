import { familyOf, formatAddress, parseAddress } from '#topology';
import type { VirtualService } from '#ports';
import { resettingCauses, slowStartFloor } from './constants.ts';
import type { EngineMember, EngineService } from './engine.ts';
import type { MemberHealth } from './policy/health.ts';
import { serviceKey } from './targets.ts';

/** What an engine is told: every service with the present health of its members, by target key. */
export function engineServices(
  services: readonly VirtualService[],
  healthOf: (key: string) => MemberHealth,
): EngineService[] {
  return services.map((virtual) => ({
    key: serviceKey(virtual),
    pool: virtual.pool,
    service: virtual.service,
    address: virtual.address,
    port: virtual.port,
    floating: virtual.standby !== undefined,
    nat: virtual.nat,
    affinity: virtual.affinity,
    affinityTime: virtual.balancing.affinityTime * 1000,
    scheduling: virtual.balancing.scheduling,
    slowStart: { duration: virtual.balancing.slowStart * 1000, floor: slowStartFloor },
    connectionsPerMember: virtual.balancing.connectionsPerMember,
    idleTimeout: virtual.idleTimeout,
    trustedSources: trustedSourcesOf(virtual),
    members: virtual.members.map((member): EngineMember => {
      const { state, since, recovered, cause, confirmed } = healthOf(
        `${serviceKey(virtual)}/${member.host}`,
      );
      return {
        ...member,
        state,
        since,
        recovered,
        sessions:
          confirmed && cause && resettingCauses.has(cause) ? virtual.balancing.onFailure : 'keep',
      };
    }),
  }));
}

/** Addresses of the topology's own hosts among the sources that can ask here: one Edge stands for many users. */
function trustedSourcesOf({ flows, address }: VirtualService): ReadonlySet<string> {
  const hosts = flows.filter((flow) => flow.source.hosts.length > 0);
  const sources = hosts.flatMap((flow) => flow.source.addresses);
  return new Set(
    sources.filter((source) => familyOf(source) === familyOf(address)).map(asSocketsTell),
  );
}

/** The form in which a socket tells an address, however the topology writes it. */
function asSocketsTell(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : formatAddress(address);
}
