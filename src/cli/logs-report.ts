import {
  printable,
  roleName,
  type AgentOutcome,
  type AgentStatus,
  type ControlAnswer,
  type StreamEnd,
} from '#logging';
import type { CliContext } from './context.ts';
import { texts } from './messages/logs.ts';

/* What agents answered, for people. */

type Failed = Exclude<AgentOutcome<unknown>, { kind: 'ok' }>;

function failureLine(context: CliContext, outcome: Failed): string {
  const text = texts(context.language);
  const line = `${outcome.host}: ${text.failed[outcome.kind]}: ${printable(outcome.reason)}`;
  return context.colour ? `\u001b[31m${line}\u001b[0m` : line;
}

/** Names on standard error every agent whose answer is missing or incomplete, and why. */
export function complainAbout(
  context: CliContext,
  outcomes: readonly AgentOutcome<StreamEnd>[],
): void {
  const text = texts(context.language);
  for (const outcome of outcomes) {
    if (outcome.kind !== 'ok') {
      context.complain(failureLine(context, outcome));
      continue;
    }
    const { truncated, damaged } = outcome.value;
    if (truncated && !context.interrupted.aborted) context.complain(text.truncated(outcome.host));
    for (const segment of damaged) {
      context.complain(text.damaged(outcome.host, printable(segment)));
    }
  }
}

/** After a command: which scenarios run now on each host, and who did not take part. */
export function summarize(
  context: CliContext,
  outcomes: readonly AgentOutcome<ControlAnswer>[],
): void {
  const text = texts(context.language);
  for (const outcome of outcomes) {
    if (outcome.kind !== 'ok') {
      context.complain(failureLine(context, outcome));
      continue;
    }
    const running = outcome.value.scenarios.map((scenario) => scenarioText(context, scenario));
    context.print(text.changed(outcome.host, running.join('; ') || text.none));
  }
}

function scenarioText(context: CliContext, scenario: ControlAnswer['scenarios'][number]): string {
  const { name, level, bodies, uri, endsAt } = scenario;
  const about = [level, ...(bodies === 'none' ? [] : [bodies]), ...(uri === null ? [] : [uri])];
  const end = endsAt === null ? '' : `, ${texts(context.language).untilTime(minute(endsAt))}`;
  return `${printable(name)} (${printable(about.join(', '))}${end})`;
}

/** One line an agent, then what needs attention. */
export function printStatus(
  context: CliContext,
  outcomes: readonly AgentOutcome<AgentStatus>[],
): void {
  const text = texts(context.language);
  const rows = outcomes.flatMap((outcome) =>
    outcome.kind === 'ok' ? [statusRow(context, outcome.value)] : [],
  );
  if (rows.length > 0) for (const line of aligned([text.columns, ...rows])) context.print(line);
  for (const outcome of outcomes) {
    if (outcome.kind !== 'ok') {
      context.complain(failureLine(context, outcome));
      continue;
    }
    const { host, recorder, store } = outcome.value;
    if (recorder.dropped + recorder.lost > 0 || store.failure !== null) {
      const reason = store.failure === null ? '' : `: ${printable(store.failure)}`;
      context.complain(text.losses(host, recorder.dropped, recorder.lost, reason));
    }
  }
}

function statusRow(context: CliContext, status: AgentStatus): string[] {
  const text = texts(context.language);
  const { recorder, store } = status;
  const oldest = store.oldest === null ? '-' : minute(store.oldest);
  return [
    printable(status.host),
    roleName(status.role, context.language),
    text.state[status.state],
    status.scenarios.map(({ name }) => printable(name)).join(', ') || text.none,
    String(recorder.recorded),
    String(recorder.dropped + recorder.lost),
    megabytes(store.bytes),
    oldest,
    megabytes(status.residentMemory),
  ];
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

function minute(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`;
}
