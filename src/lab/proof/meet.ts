import type { Plan } from '#ports';
import type { Account, Conversation } from '#proof';
import { Agent } from '../agent/agent.ts';
import { namespaceOf } from '../plan/index.ts';
import type { LabRecord } from '../record.ts';

/**
 * Lets two users sign in and meet: from outside through the Edge, or inside where there is none.
 *
 * @throws UsherError `USHER_LAB_AGENT`
 */
export async function meetInLab(
  { name, topologyFile, stateDirectory }: LabRecord,
  plan: Plan,
  accounts: readonly [Account, Account],
): Promise<Conversation> {
  const outside = plan.flows.some(({ service }) => service === 'accessEdge');
  const agent = await Agent.start(namespaceOf(name, outside ? 'outside' : 'internalClients'));
  try {
    const order = { kind: 'converse', topologyFile, stateDirectory, accounts } as const;
    return (await agent.converse(order)).conversation;
  } finally {
    await agent.close();
  }
}
