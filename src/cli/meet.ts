import { messageOf } from '#base';
import { ladderNames, laddersOf, ladderText, LogController, type LogRecord } from '#logging';
import type { Plan } from '#ports';
import { converse, type Account, type Conversation, type Identities } from '#proof';
import type { CliContext } from './context.ts';
import { texts } from './messages/up.ts';
import { conversationLines } from './proof-text.ts';

export interface MeetOptions {
  /** Print steps and ladder as text. */
  readonly print: boolean;
  readonly identities: Identities;
}

/** Lets the two demo users meet through the Edge and draws the way their message took. */
export async function meet(
  context: CliContext,
  plan: Plan,
  accounts: readonly [Account, Account],
  { print, identities }: MeetOptions,
): Promise<{ readonly ok: boolean; readonly conversation: Conversation }> {
  const conversation = await converse(plan, identities, accounts);
  if (print) {
    context.print(conversationLines(conversation, context));
    if (conversation.ok) context.print(await ladder(context, plan, identities, conversation));
  }
  return { ok: conversation.ok, conversation };
}

async function ladder(
  context: CliContext,
  plan: Plan,
  identities: Identities,
  conversation: Conversation,
): Promise<string> {
  const text = texts(context.language);
  try {
    const credentials = await identities.any();
    const controller = new LogController({ plan, credentials });
    await controller.flush();
    const found = controller.search({ callIds: [conversation.callId] });
    const records: LogRecord[] = [];
    for await (const record of found.records) records.push(record);
    const style = {
      language: context.language,
      columns: context.columns,
      unicode: true,
      colour: context.colour,
      ...ladderNames(plan, context.language),
    };
    const drawn = laddersOf(records).flatMap((each) => ladderText(each, style));
    return [text.ladderTitle, ...drawn].join('\n');
  } catch (error) {
    return text.noLadder(messageOf(error));
  }
}
