import { type MemberHealth, step, unknownHealth } from './policy/health.ts';
import type { ProbeTarget } from './targets.ts';

/** What a balancer has to know again after a restart; times are milliseconds since the epoch. */
export type BalancerRecord = {
  /** Members somebody drained, by FQDN: since when, and when their sessions are cut. */
  readonly drains: { readonly [host: string]: { readonly since: number; readonly until: number } };
  /** Members whose own probes found them well, by target key: since when, and what they said. */
  readonly well: { readonly [key: string]: { readonly since: number; readonly reason: string } };
};

/** Where a balancer keeps its record. */
export interface BalancerMemory {
  /** What was kept before this process; undefined for a balancer that never ran. */
  readonly record: BalancerRecord | undefined;
  /** Resolves when the record would survive the process. */
  save(record: BalancerRecord): Promise<void>;
}

/** The record in `value`, or why there is none in it. */
export function readRecord(value: unknown): BalancerRecord | string {
  if (typeof value !== 'object' || value === null) return 'it holds no object';
  if (!('drains' in value) || !('well' in value)) return 'drains or well is missing';
  const drains: Record<string, { since: number; until: number }> = {};
  const well: Record<string, { since: number; reason: string }> = {};
  for (const [host, { since, until }] of fieldsOf(value.drains)) {
    if (typeof since !== 'number' || typeof until !== 'number')
      return `drains.${host} has no times`;
    drains[host] = { since, until };
  }
  for (const [key, { since, reason }] of fieldsOf(value.well)) {
    if (typeof since !== 'number' || typeof reason !== 'string') return `well.${key} is incomplete`;
    well[key] = { since, reason };
  }
  return { drains, well };
}

function fieldsOf(value: unknown): readonly [string, Readonly<Record<string, unknown>>][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).map(([key, fields]: [string, unknown]) => [
    key,
    typeof fields === 'object' && fields !== null ? { ...fields } : {},
  ]);
}

/**
 * The health a member starts with after a restart; pure. One that was well takes connections at once, so
 * that a restart costs nobody a connection: the first probe, which comes immediately, or a refused
 * connection corrects it. One that was not well is checked first. A drained one stays drained.
 */
export function recalled(
  record: BalancerRecord | undefined,
  target: ProbeTarget,
  now: number,
): MemberHealth {
  let health = unknownHealth(now);
  const was = record?.well[target.key];
  if (was !== undefined) {
    const { since, reason } = was;
    health = step(health, { kind: 'probed', at: since, outcome: { kind: 'healthy', reason } });
  }
  const drain = record?.drains[target.host];
  return drain === undefined ? health : step(health, { kind: 'drain', at: drain.since });
}

/** What to keep of the present; pure. */
export function recordOf(
  targets: readonly ProbeTarget[],
  healthOf: (key: string) => MemberHealth,
  drains: BalancerRecord['drains'],
): BalancerRecord {
  const well = targets.flatMap(({ key }) => {
    const { beneath, since } = healthOf(key);
    return beneath.verdict === 'up' ? [[key, { since, reason: beneath.reason }] as const] : [];
  });
  return { drains, well: Object.fromEntries(well) };
}
