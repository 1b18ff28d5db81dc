import { randomBytes } from 'node:crypto';
import { UsherError } from '#base';
import type { Flow, Plan } from '#ports';
import { clientTls } from '#trust';
import { ProbeFailure } from './dial.ts';
import type { Identities } from './rows.ts';
import { UserAgent, type Account } from './user-agent.ts';
import { goalsOf } from './vantage.ts';

/** What became of the message between the two demo users. */
export interface Conversation {
  readonly ok: boolean;
  readonly from: string;
  readonly to: string;
  /** Call-ID of the MESSAGE: the key to its path in the log agents' records. */
  readonly callId: string;
  /** What happened, in order, English. */
  readonly steps: readonly string[];
}

/**
 * Two users sign in from outside through the Edge and one sends the other a message.
 *
 * @throws UsherError `USHER_NO_EDGE` when the topology lets no remote users in
 */
export async function converse(
  plan: Plan,
  identities: Identities,
  [first, second]: readonly [Account, Account],
): Promise<Conversation> {
  const entrance = plan.flows.find((flow) => flow.service === 'accessEdge');
  if (entrance === undefined) {
    throw new UsherError('USHER_NO_EDGE', 'the topology has no Edge for remote users', {
      remedy: 'Add one under edges: to let two users meet from outside.',
    });
  }
  const steps: string[] = [];
  const callId = `demo-${randomBytes(6).toString('hex')}`;
  const agents = [];
  const result = (ok: boolean): Conversation => {
    return { ok, from: first.aor, to: second.aor, callId, steps };
  };
  try {
    for (const account of [second, first]) {
      const agent = await userAt(plan, entrance, identities, account);
      agents.push(agent);
      const { status, reason } = await agent.signIn();
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

async function userAt(
  plan: Plan,
  entrance: Flow,
  identities: Identities,
  account: Account,
): Promise<UserAgent> {
  const [goal] = goalsOf(plan, entrance);
  if (goal === undefined) throw new ProbeFailure('noListener', 'the Edge has no outside address');
  const { address, port, name } = goal;
  const ca = await identities.authority();
  const hop = { address, port, name };
  return new UserAgent(account, clientTls(undefined, hop, { ca }));
}
