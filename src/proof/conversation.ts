import { randomBytes } from 'node:crypto';
import { UsherError } from '#base';
import type { Flow, Plan } from '#ports';
import { clientTls } from '#trust';
import { ProbeFailure } from './dial.ts';
import type { Identities } from './rows.ts';
import { UserAgent, type Account } from './user-agent.ts';
import { canTalk, goalsOf, vantagesOf, type Goal } from './vantage.ts';

/** What became of the message between the two demo users. */
export interface Conversation {
  readonly ok: boolean;
  readonly from: string;
  readonly to: string;
  /** Call-ID of the MESSAGE: the key to its path in the log agents' records. */
  readonly callId: string;
  /** True when they met inside, for want of an Edge. */
  readonly inside?: boolean;
  /** What happened, in order, English. */
  readonly steps: readonly string[];
}

/**
 * Two users sign in from outside through the Edge and one sends the other a message. Without an Edge
 * they sign in as internal clients, each at the first Front End that serves them.
 *
 * @throws UsherError `USHER_NO_ENTRANCE` when the topology lets no user sign in
 */
export async function converse(
  plan: Plan,
  identities: Identities,
  [first, second]: readonly [Account, Account],
): Promise<Conversation> {
  const outside = plan.flows.find((flow) => flow.service === 'accessEdge');
  const entrances =
    outside === undefined ? plan.flows.filter((flow) => isHomeSignIn(flow)) : [outside];
  const goals = entrances.flatMap((flow) =>
    goalsOf(plan, flow).map((goal) => ({
      ...goal,
      from: vantagesOf(plan, flow, '').find((vantage) => canTalk(vantage, goal))?.address,
    })),
  );
  if (goals.length === 0) {
    throw new UsherError('USHER_NO_ENTRANCE', 'the topology lets no user sign in', {
      remedy: 'Add an Edge under edges:, or a pool of Front Ends that run Usher.',
    });
  }
  const steps: string[] = [];
  const callId = `demo-${randomBytes(6).toString('hex')}`;
  const agents = [];
  const result = (ok: boolean): Conversation => {
    const inside = outside === undefined;
    return { ok, from: first.aor, to: second.aor, callId, inside, steps };
  };
  try {
    for (const account of [second, first]) {
      const { agent, status, reason } = await signIn(goals, identities, account);
      agents.push(agent);
      steps.push(`${account.aor} REGISTER → ${status} ${reason}`);
      if (status !== 200) return result(false);
    }
    const [receiver, sender] = agents;
    const text = `Hello from ${first.aor}`;
    const sent = await sender?.send(second.aor, text, callId);
    steps.push(`${first.aor} MESSAGE → ${sent?.status} ${sent?.reason}`);
    if (sent?.status !== 200) return result(false);
    const arrived = await receiver?.expect(callId);
    steps.push(`${second.aor} received “${arrived}”`);
    return result(arrived === text);
  } catch (error) {
    if (!(error instanceof ProbeFailure)) throw error;
    steps.push(error.message);
    return result(false);
  } finally {
    await Promise.allSettled(agents.map((agent) => agent.signOut()));
  }
}

/** The flow internal clients sign in at home by. */
function isHomeSignIn({ service, source, destination }: Flow): boolean {
  return service === 'sip' && source.role === 'internalClient' && destination.role === 'frontEnd';
}

interface Entrance extends Goal {
  /** Address to come from; undefined lets the kernel choose. */
  readonly from: string | undefined;
}

interface SignedIn {
  readonly agent: UserAgent;
  readonly status: number;
  readonly reason: string;
}

/** Signs in at the first entrance that does not send the user elsewhere (301). */
async function signIn(
  entrances: readonly Entrance[],
  identities: Identities,
  account: Account,
): Promise<SignedIn> {
  const ca = await identities.authority();
  let last: SignedIn | undefined;
  for (const { address, port, name, from } of entrances) {
    const local = from === undefined ? {} : { localAddress: from };
    const options = clientTls(undefined, { address, port, name }, { ca, ...local });
    const agent = new UserAgent(account, options);
    try {
      const { status, reason } = await agent.signIn();
      last = { agent, status, reason };
    } catch (error) {
      agent.close();
      throw error;
    }
    if (last.status !== 301) return last;
    agent.close();
  }
  if (last === undefined) throw new ProbeFailure('noListener', 'nobody lets users sign in');
  return last;
}
