import { UsherError } from '#base';
import type { Language } from '#base';
import { findHost, hostsOf } from '#topology';
import { tableRows } from '#ports';
import type { Plan } from '#ports';
import type { RuleSet } from '../model/index.ts';
import { gatewayRules, perimeterRules } from './firewalls.ts';
import { Legs } from './context.ts';
import type { Context } from './context.ts';
import { hostRules } from './hosts.ts';

/** How the reasons of the rules are worded. */
export interface PolicyOptions {
  /** Default `en`. */
  readonly language?: Language;
  /**
   * Today as `YYYY-MM-DD`: flows of the site that expired before are left out. Without it all are in force.
   */
  readonly today?: string;
}

/** The two firewalls between zones that every deployment is given rules for. */
const firewalls = { perimeter: perimeterRules, gateway: gatewayRules } as const;

/** Every device there are rules for: the firewalls between zones, then the hosts in topology order. */
export function deviceNames(plan: Plan): readonly string[] {
  return [...Object.keys(firewalls), ...hostsOf(plan.topology).map(({ fqdn }) => fqdn)];
}

/**
 * The rules of one device that follow from the port table: every leg it sees, with row id and reason,
 * return traffic, and nothing else. Pure.
 *
 * A host is protected by the chains `in`, `out` and `forward`; `perimeter` stands between the outside and
 * the published addresses, `gateway` between the zones of the inside.
 *
 * @param device FQDN of a host (the case of letters does not matter), `perimeter` or `gateway`
 * @throws UsherError `USHER_UNKNOWN_HOST` when the topology has no such device
 */
export function ruleSetOf(plan: Plan, device: string, options: PolicyOptions = {}): RuleSet {
  return compile(contextOf(plan, options), device);
}

/** The rules of every device, in the order of `deviceNames`. */
export function policyOf(plan: Plan, options: PolicyOptions = {}): readonly RuleSet[] {
  const context = contextOf(plan, options);
  return deviceNames(plan).map((device) => compile(context, device));
}

function contextOf(plan: Plan, { language = 'en', today }: PolicyOptions): Context {
  const reasons = new Map(
    tableRows(plan, { all: true }).map(({ id, note }) => [id, note[language]]),
  );
  return { plan, legs: new Legs(plan), reasons, language, today };
}

function compile(context: Context, device: string): RuleSet {
  const { plan } = context;
  if (device === 'perimeter' || device === 'gateway') return firewalls[device](context);
  const host = findHost(plan.topology, device);
  if (host !== undefined) return hostRules(context, host);
  throw new UsherError('USHER_UNKNOWN_HOST', `The topology has no host or firewall ${device}.`, {
    remedy: `Name one of ${deviceNames(plan).join(', ')}.`,
  });
}
