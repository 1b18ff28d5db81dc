import { servicePort, virtualServicesOf } from '#ports';
import type { Plan, VirtualService } from '#ports';
import { findPool, type Service } from '#topology';

/** One member probed for one service. */
export interface ProbeTarget {
  /** `<serviceKey>/<host>`, unique on one balancer. */
  readonly key: string;
  /** The key of the virtual service, see `serviceKey`. */
  readonly serviceKey: string;
  readonly pool: string;
  readonly service: Service;
  /** Of the virtual service, where its VIP has both. */
  readonly family?: 4 | 6 | undefined;
  /** FQDN of the member: the name its certificate has to prove. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly security: 'none' | 'TLS' | 'MTLS';
  /** The name of the web site a client of this row would ask for. */
  readonly site: string;
  /** Key of the target this one follows: the SIP service of the same member; undefined for it. */
  readonly guard: string | undefined;
}

/**
 * The key of a virtual service: unique on one balancer. `<pool>/<service>`, and with the family behind it
 * where the VIP has both.
 */
export function serviceKey({
  pool,
  service,
  family,
}: Pick<VirtualService, 'pool' | 'service' | 'family'>): string {
  return family === undefined ? `${pool}/${service}` : `${pool}/${service}-ipv${family}`;
}

/** The key of a service where only letters, digits and underscores may stand. */
export function identifierOf(key: string): string {
  return key.replaceAll(/[^a-z\d]/giu, '_');
}

/**
 * Everything this balancer probes: each member of each of its virtual services, and the SIP service
 * of members whose pool balances SIP by DNS but lets this balancer probe it (a `healthProbe` leg).
 * Derived from the plan alone. Pure.
 */
export function probeTargets(plan: Plan, balancer: string): readonly ProbeTarget[] {
  const services = virtualServicesOf(plan, balancer);
  const served = services.flatMap((service) => targetsOf(plan, service));
  const targets = [...served, ...guardsOnly(plan, balancer, served)];
  const sip = new Set(targets.filter(({ service }) => service === 'sip').map(({ key }) => key));
  return targets.map((target) => {
    const guard = `${serviceKey({ ...target, service: 'sip' })}/${target.host}`;
    return target.service !== 'sip' && sip.has(guard) ? { ...target, guard } : target;
  });
}

function targetsOf(plan: Plan, virtual: VirtualService): ProbeTarget[] {
  const { pool, service } = virtual;
  const security = securityOf(virtual);
  return virtual.members.map((member) => ({
    key: `${serviceKey(virtual)}/${member.host}`,
    serviceKey: serviceKey(virtual),
    pool,
    service,
    family: virtual.family,
    host: member.host,
    address: member.address,
    port: member.port,
    security,
    site: siteOf(plan, pool, service),
    guard: undefined,
  }));
}

/** Probe legs of the plan to SIP listeners that are not behind a VIP of this balancer. */
function guardsOnly(
  plan: Plan,
  balancer: string,
  served: readonly ProbeTarget[],
): readonly ProbeTarget[] {
  const port = servicePort(plan, 'sip');
  const members = new Map(served.map((target) => [`${target.host} ${target.address}`, target]));
  const known = new Set(served.map((target) => target.key));
  const found = new Map<string, ProbeTarget>();
  for (const { kind, source, destination } of plan.legs) {
    const { host = '', address } = destination;
    const beside = members.get(`${host} ${address}`);
    if (kind !== 'healthProbe' || source.host !== balancer || destination.port !== port) continue;
    if (beside === undefined) continue;
    const { pool, family } = beside;
    const own = serviceKey({ pool, service: 'sip', family });
    const key = `${own}/${host}`;
    if (known.has(key)) continue;
    found.set(key, {
      key,
      serviceKey: own,
      pool,
      service: 'sip',
      family,
      host,
      address,
      port,
      security: 'MTLS',
      site: host,
      guard: undefined,
    });
  }
  return [...found.values()];
}

/** The strictest security among the flows of the service: what its members' listener speaks. */
function securityOf({ flows }: VirtualService): ProbeTarget['security'] {
  const asked = new Set(flows.map((flow) => flow.security));
  if (asked.has('MTLS')) return 'MTLS';
  return asked.has('TLS') ? 'TLS' : 'none';
}

function siteOf(plan: Plan, poolFqdn: string, service: Service): string {
  const pool = findPool(plan.topology, poolFqdn);
  if (pool === undefined) return poolFqdn;
  return service === 'webExternal' || service === 'webExternalPlain'
    ? pool.web.external
    : pool.web.internal;
}
