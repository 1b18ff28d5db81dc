import type { Language } from '#base';
import { packetText } from '#proof';
import type { Conversation, DeviceFinding, Proof, RowProof } from '#proof';
import { texts } from './messages/proof.ts';
import { cut, fold, paint } from './paint.ts';

interface Style {
  readonly language: Language;
  readonly colour: boolean;
  readonly columns: number;
}

/** Columns from which a row has its verdict and what was seen beside its ends. */
const wide = 76;

/** Columns of mark, row id and application before the two ends. */
const indent = 21;

/**
 * One proven row: a line where there is room, else its ends folded below each other. Where it failed
 * the verdict and the evidence follow, folded.
 */
export function rowLines(proof: RowProof, style: Style): string {
  const { flow, verdict, evidence } = proof;
  const text = texts(style.language);
  const ink = paint(style.colour);
  const good = verdict === 'open';
  const mark = good ? ink.good('✔') : ink.bad('✘');
  const head = `${mark} ${flow.id.padEnd(6)} ${`${flow.application}/${flow.port}`.padEnd(11)} `;
  const ends = `${text.role(flow.source)} → ${text.role(flow.destination)}`;
  const judged = (good ? ink.good : ink.bad)(text.verdict[verdict]);
  if (style.columns < wide) {
    const [first = '', ...others] = fold(ends, Math.max(20, style.columns - indent));
    const lines = [head + first, ...others.map((line) => ' '.repeat(indent) + line)];
    if (!good) lines.push(...below(`${text.verdict[verdict]}: ${evidence}`, style));
    return lines.join('\n');
  }
  const line = `${head}${ends.padEnd(40)} ${judged}`;
  if (!good) return [line, ...below(evidence, style)].join('\n');
  const seen = shorten(evidence.replace(/ \(.*$/u, ''), style.columns - wide + 7);
  return seen === '' ? line : `${line}  ${ink.faint(seen)}`;
}

/** What a failed row says, folded and set in below it. */
function below(evidence: string, style: Style): readonly string[] {
  const margin = ' '.repeat(9);
  const lines = fold(evidence, Math.max(40, style.columns - margin.length));
  return lines.map((line) => margin + paint(style.colour).bad(line));
}

/** `GET /a/long/path → 200` within `width` columns: the answer stays whole; empty without room. */
function shorten(seen: string, width: number): string {
  if (seen.length <= width) return seen;
  const at = seen.lastIndexOf(' → ');
  const answer = at === -1 ? '' : seen.slice(at);
  const room = width - answer.length;
  return room < 8 ? '' : cut(seen.slice(0, seen.length - answer.length), room) + answer;
}

/** What follows the rows: refusals, closure, and the sum. */
export function proofSummary(proof: Proof, style: Style): string {
  const text = texts(style.language);
  const ink = paint(style.colour);
  const lines: string[] = [];
  const line = (good: boolean, what: string): void => {
    const [first = '', ...others] = fold(what, Math.max(40, style.columns - 2));
    lines.push(`${good ? ink.good('✔') : ink.bad('✘')} ${first}`);
    lines.push(...others.map((other) => `  ${other}`));
  };
  const admitted = proof.refusals.filter((refusal) => !refusal.refused);
  // Devices may be proven without what runs on the hosts.
  const services = proof.rows.length > 0 || proof.devices === undefined;
  if (services) line(admitted.length === 0, text.refusals(proof.refusals.length, admitted.length));
  for (const each of admitted) {
    line(false, `  ${each.to} (${each.rows.join(', ')}): ${each.presented}: ${each.evidence}`);
  }
  const { probed, unexpectedlyOpen, remarks } = proof.closed;
  if (services) line(unexpectedlyOpen.length === 0, text.closure(probed, unexpectedlyOpen.length));
  for (const { protocol, address, port, evidence } of unexpectedlyOpen) {
    line(false, `  ${protocol} ${address}:${port}: ${evidence}`);
  }
  for (const remark of remarks) lines.push(ink.faint(`  ${remark[style.language]}`));
  deviceLines(proof, style, line);
  const open = proof.rows.filter((row) => row.verdict === 'open').length;
  if (services) line(open === proof.rows.length, text.sum(open, proof.rows.length));
  return lines.join('\n');
}

/** What the devices of a lab let pass, and what crossed it from end to end. */
function deviceLines(
  { devices, pairs }: Proof,
  style: Style,
  line: (good: boolean, what: string) => void,
): void {
  const text = texts(style.language);
  if (devices !== undefined) {
    const probed = devices.reduce((sum, device) => sum + device.probed, 0);
    const found = devices.flatMap(({ device, direction, findings }) =>
      findings.map((finding) => ({ ...finding, where: `${device} (${text.way[direction]})` })),
    );
    const names = new Set(devices.map(({ device }) => device));
    line(found.length === 0, text.devices(names.size, probed, found.length));
    for (const finding of found)
      line(false, `  ${finding.where}: ${findingText(finding, style.language)}`);
  }
  if (pairs === undefined) return;
  line(pairs.findings.length === 0, text.pairs(pairs.pairs, pairs.probed, pairs.findings.length));
  for (const { kind, row = '', from, to, packet } of pairs.findings) {
    const what = packetText(packet);
    line(
      false,
      `  ${from} → ${to}: ${kind === 'admitted' ? text.admitted(what) : text.blocked(what, row)}`,
    );
  }
}

/** A difference between a device and the table as one sentence. */
export function findingText(
  { kind, row = '', decided, packet, probes }: DeviceFinding,
  language: Language,
): string {
  const text = texts(language);
  const what = packetText(packet);
  const by =
    decided === undefined
      ? text.undecided
      : decided.rule === 'policy'
        ? text.policyDecides
        : text.decidedBy(decided.comment);
  const alike = probes === 1 ? '' : ` (${text.alike(probes)})`;
  return `${kind === 'blocked' ? text.blocked(what, row) : text.admitted(what)}; ${by}${alike}`;
}

/** The conversation of the demo users, step by step. */
export function conversationLines(conversation: Conversation, style: Style): string {
  const ink = paint(style.colour);
  const mark = conversation.ok ? ink.good('✔') : ink.bad('✘');
  const text = texts(style.language);
  const { ok, from, to, inside = false, steps } = conversation;
  const head = `${mark} ${text.conversation(from, to, ok, inside)}`;
  return [head, ...steps.map((step) => ink.faint(`    ${step}`))].join('\n');
}
