import { addressesOf, ruleSetOf } from '#firewall';
import type { RuleSet } from '#firewall';
import { makePlan, virtualServicesOf } from '#ports';
import type { Plan } from '#ports';
import type { Device } from './devices.ts';

/**
 * A balancer whose kernel hands connections on, as its clients see it: what may be sent to its VIPs is what
 * a balancer that is a process would take in there. Undefined for everything else.
 *
 * Its filter sees these packets in `forward`, after they have been translated; the sources it knows there
 * are the borders that matter.
 */
export function translationOf(plan: Plan, device: Device): Device | undefined {
  const services = virtualServicesOf(plan, device.name);
  // The VIP of a pair is at the balancer in a lab, so none of its packets reach the standby.
  const translated = services.filter(
    ({ engine, balancer }) => engine === 'nftables' && balancer === device.name,
  );
  if (translated.length === 0) return undefined;
  const pools = plan.topology.pools.map((pool) => ({ ...pool, engine: 'embedded' as const }));
  const taking = makePlan({ ...plan.topology, pools }, { portOffset: plan.portOffset });
  const inForce: RuleSet = {
    ...device.inForce,
    chains: device.inForce.chains.flatMap((chain) =>
      chain.direction === 'in'
        ? []
        : [chain.direction === 'forward' ? { ...chain, direction: 'in' as const } : chain],
    ),
  };
  return {
    ...device,
    addresses: addressesOf(translated.map(({ address }) => address)),
    asked: ruleSetOf(taking, device.name),
    inForce,
  };
}
