import { loadPlan } from '#ports';
import type { Plan } from '#ports';
import { converse, Identities, playsHere, proveClosure, proveRefusals, proveRows } from '#proof';
import type { Conversation, Plays } from '#proof';
import type { Answer, Order } from './messages.ts';

type Asked = Extract<Order, { readonly kind: 'prove' }>;
type Proved = Omit<Extract<Answer, { readonly kind: 'proved' }>, 'kind'>;

/** Clients of a network: flows that start at them, and those anybody on their side may open. */
const playsClients =
  (role: string | undefined): Plays =>
  ({ source, destination }) =>
    source.role === 'any'
      ? (destination.interface === 'external') === (role === 'remoteClient')
      : source.role === role;

function planOf(file: string, text: string): Plan {
  const loaded = loadPlan(text, file);
  if (loaded.ok) return loaded.plan;
  throw new Error(`${file} has faults by now`);
}

/** Lets two users sign in from this namespace and meet. */
export function converseHere(
  { topologyFile, stateDirectory, accounts }: Extract<Order, { readonly kind: 'converse' }>,
  text: string,
): Promise<Conversation> {
  const plan = planOf(topologyFile, text);
  return converse(plan, new Identities(stateDirectory, plan), accounts);
}

/** What can be proven from this namespace alone. */
export async function proveHere(
  { topologyFile, stateDirectory, host, ours, role }: Asked,
  text: string,
): Promise<Proved> {
  const plan = planOf(topologyFile, text);
  const identities = new Identities(stateDirectory, plan);
  const plays = host === undefined ? playsClients(role) : playsHere;
  const rows = await proveRows(plan, plan.flows, identities, () => {}, plays);
  const seen = rows.map(({ flow, probes }) => ({ flow: flow.id, probes }));
  if (!ours) return { rows: seen, refusals: [], closed: undefined };
  return {
    rows: seen,
    refusals: await proveRefusals(plan, identities, new Date(), true),
    closed: await proveClosure(plan),
  };
}
