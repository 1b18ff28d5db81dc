import type { Text } from '#base';
import { notes } from '../catalogue.ts';
import type { Flow, Leg, Origin, Party, Plan } from '../model.ts';

/** One line of the port table: a flow, or a leg of a balanced one. */
export interface TableRow {
  readonly id: string;
  readonly application: Flow['application'];
  readonly security: Flow['security'];
  readonly transport: Flow['transport'];
  readonly port: number;
  readonly source: Party;
  readonly destination: Party;
  readonly origin: Origin;
  readonly note: Text;
}

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)];

/** The ends of the legs of one kind, put together: one row says what several legs do. */
function legRow(
  plan: Plan,
  flow: Flow,
  legs: readonly Leg[] | undefined,
  suffix: string,
  note: Text,
): TableRow[] {
  if (legs === undefined) return [];
  const sources = legs.map((leg) => leg.source);
  const addresses = unique(sources.flatMap((end) => end.addresses));
  const hosts = unique(sources.flatMap((end) => end.host ?? []));
  const isBalancer = ({ host }: Leg['source']): boolean =>
    plan.topology.balancers.some(({ fqdn }) => fqdn === host);
  const source: Party = sources.every(isBalancer)
    ? { role: 'balancer', hosts, addresses }
    : flow.source;
  const destination: Party = {
    ...flow.destination,
    via: 'member',
    hosts: unique(legs.flatMap((leg) => leg.destination.host ?? [])),
    addresses: unique(legs.map((leg) => leg.destination.address)),
  };
  return [{ ...flow, id: `${flow.id}/${suffix}`, origin: 'derived', source, destination, note }];
}

/**
 * The lines of the port table, in the order of the plan: what the reference prints and names
 * (`table`, `prose`), or with `all` also options, what follows from the topology, and for every
 * balanced row what the members see of it: `<row>/member` from the balancer (or, without source
 * NAT, from the client) and the health probe `<row>/probe`.
 */
export function tableRows(plan: Plan, options: { all: boolean }): readonly TableRow[] {
  if (!options.all) {
    return plan.flows.filter((flow) => flow.origin === 'table' || flow.origin === 'prose');
  }
  const legs = Map.groupBy(plan.legs, ({ flow, kind }) => `${flow} ${kind}`);
  return plan.flows.flatMap((flow): TableRow[] => [
    flow,
    ...legRow(plan, flow, legs.get(`${flow.id} balancerToMember`), 'member', notes.member),
    ...legRow(plan, flow, legs.get(`${flow.id} healthProbe`), 'probe', notes.probe),
  ]);
}
