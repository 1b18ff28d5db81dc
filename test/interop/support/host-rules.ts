import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { addressesOf, exactly, matching, protocols, subtract } from '#firewall';
import type { Match, Rule, RuleSet } from '#firewall';
import { loadPlan } from '#ports';

/** What every host of a topology file lets in, by the legs that end there. */
export function hostRules(file: string): readonly RuleSet[] {
  const loaded = loadPlan(readFileSync(file, 'utf8'), file, {});
  assert.ok(loaded.ok);
  const { plan } = loaded;
  const hosts = [...new Set(plan.legs.flatMap(({ destination }) => destination.host ?? []))];
  return hosts.map((device) => {
    const legs = plan.legs.filter(({ destination }) => destination.host === device);
    const rules = legs.map((leg): Rule => ({
      id: `${leg.flow}/${leg.kind}/${leg.source.host ?? 'outside'}/${leg.destination.address}`,
      comment: leg.kind,
      action: { kind: 'accept' },
      match: matching({
        source: addressesOf(leg.source.addresses),
        destination: addressesOf([leg.destination.address]),
        protocol: exactly(protocols.tcp),
        destinationPort: exactly(leg.destination.port),
        states: ['new', 'established'],
      }),
    }));
    return { device, zones: [], chains: [{ name: 'in', direction: 'in', policy: 'drop', rules }] };
  });
}

/** What the first matches take and the others do not. */
export const without = (parts: readonly Match[], cuts: readonly Match[]): readonly Match[] =>
  cuts.reduce<readonly Match[]>((rest, cut) => rest.flatMap((part) => subtract(part, cut)), parts);
