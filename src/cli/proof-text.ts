import type { Language } from '#base';
import type { Conversation, Proof, RowProof } from '#proof';
import { texts } from './messages/proof.ts';
import { fold, paint } from './paint.ts';

interface Style {
  readonly language: Language;
  readonly colour: boolean;
  readonly columns: number;
}

/** One proven row as a line (more when it failed: the evidence follows, folded). */
export function rowLines(proof: RowProof, style: Style): string {
  const { flow, verdict, evidence } = proof;
  const text = texts(style.language);
  const ink = paint(style.colour);
  const good = verdict === 'open';
  const from = text.role(flow.source);
  const to = text.role(flow.destination);
  const head = [
    good ? ink.good('✔') : ink.bad('✘'),
    flow.id.padEnd(6),
    `${flow.application}/${flow.port}`.padEnd(11),
    `${from} → ${to}`.padEnd(48),
    (good ? ink.good : ink.bad)(text.verdict[verdict].padEnd(12)),
  ].join(' ');
  if (good) {
    const seen = evidence.replace(/ \(.*$/u, '');
    const room = style.columns - 82;
    return room >= seen.length ? `${head} ${ink.faint(seen)}` : head;
  }
  const indent = ' '.repeat(9);
  const detail = fold(evidence, Math.max(40, style.columns - indent.length));
  return [head, ...detail.map((line) => indent + ink.bad(line))].join('\n');
}

/** What follows the rows: refusals, closure, and the sum. */
export function proofSummary(proof: Proof, style: Style): string {
  const text = texts(style.language);
  const ink = paint(style.colour);
  const lines: string[] = [];
  const line = (good: boolean, what: string): void => {
    lines.push(`${good ? ink.good('✔') : ink.bad('✘')} ${what}`);
  };
  const admitted = proof.refusals.filter((refusal) => !refusal.refused);
  line(admitted.length === 0, text.refusals(proof.refusals.length, admitted.length));
  for (const each of admitted) {
    line(false, `  ${each.to} (${each.rows.join(', ')}): ${each.presented}: ${each.evidence}`);
  }
  const { probed, unexpectedlyOpen, remarks } = proof.closed;
  line(unexpectedlyOpen.length === 0, text.closure(probed, unexpectedlyOpen.length));
  for (const { protocol, address, port, evidence } of unexpectedlyOpen) {
    line(false, `  ${protocol} ${address}:${port}: ${evidence}`);
  }
  for (const remark of remarks) lines.push(ink.faint(`  ${remark[style.language]}`));
  const open = proof.rows.filter((row) => row.verdict === 'open').length;
  line(open === proof.rows.length, ink.strong(text.sum(open, proof.rows.length)));
  return lines.join('\n');
}

/** The conversation of the demo users, step by step. */
export function conversationLines(conversation: Conversation, style: Style): string {
  const ink = paint(style.colour);
  const mark = conversation.ok ? ink.good('✔') : ink.bad('✘');
  const text = texts(style.language);
  const head = `${mark} ${text.conversation(conversation.from, conversation.to)}`;
  return [head, ...conversation.steps.map((step) => ink.faint(`    ${step}`))].join('\n');
}
