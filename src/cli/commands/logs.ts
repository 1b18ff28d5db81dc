import { Command } from 'commander';
import { UsherError } from '#base';
import {
  agentHosts,
  bodyPolicies,
  ladderNames,
  ladderSvg,
  laddersOf,
  ladderText,
  levels,
  LogController,
  parseDuration,
  parseTime,
  printableJson,
  recordLines,
  type AgentOutcome,
  type ControlAnswer,
  type Ladder,
  type LogRecord,
  type SearchRequest,
  type StreamEnd,
} from '#logging';
import { findPool } from '#topology';
import type { Plan } from '#ports';
import { loadCredentials, type Credentials } from '#trust';
import type { CliContext, CommandFactory } from '../context.ts';
import { texts } from '../messages/logs.ts';
import { complainAbout, printStatus, summarize } from '../logs-report.ts';
import { writeOutput } from '../output-file.ts';
import { defaultTopology, readPlan, readPortOffset } from '../plan-file.ts';

/** What every subcommand takes. */
interface Common {
  readonly portOffset?: string;
  readonly host?: readonly string[];
  readonly pool?: readonly string[];
  readonly as?: string;
  readonly json?: true;
}

interface ScenarioOptions extends Common {
  readonly scenario?: string;
  readonly level?: string;
  readonly bodies?: string;
  readonly bodiesOf?: string;
  readonly duration?: string;
}

interface SearchOptions extends Common {
  readonly callId?: readonly string[];
  readonly uri?: string;
  readonly ip?: string;
  readonly text?: string;
  readonly method?: string;
  readonly status?: string;
  readonly level?: string;
  readonly since?: string;
  readonly until?: string;
  readonly any?: true;
  readonly limit?: string;
  readonly full?: true;
  readonly ladder?: true;
  readonly calls?: string;
  readonly ascii?: true;
  readonly svg?: string;
}

const defaultSince = '30m';
const defaultCalls = 10;

/** `usher logs start|stop|status|update|flush|search|follow [TOPOLOGY]` */
export const logs: CommandFactory = (context) => {
  const text = texts(context.language);
  const part = (name: keyof typeof text.examplesOf, description: string): Command =>
    new Command(name)
      .description(description)
      .argument('[topology]', text.topology)
      .option('--host <fqdn>', text.host, collect)
      .option('--pool <fqdn>', text.pool, collect)
      .option('--as <fqdn>', text.as)
      .option('--json', text.json)
      .option('--port-offset <n>', text.portOffset)
      .addHelpText('after', text.examplesOf[name]);
  const searching = (command: Command): Command =>
    command
      .option('--call-id <id>', text.callId, collect)
      .option('--uri <uri>', text.uri)
      .option('--ip <address>', text.ip)
      .option('--text <text>', text.text)
      .option('--method <method>', text.method)
      .option('--status <status>', text.statusCode)
      .option('--level <level>', text.levelSearch)
      .option('--any', text.any)
      .option('--full', text.full);
  return new Command('logs')
    .description(text.description)
    .addHelpText('after', text.examples)
    .addCommand(
      part('status', text.status).action((file: string | undefined, options: Common) =>
        status(context, file, options),
      ),
    )
    .addCommand(
      searching(part('search', text.search))
        .option('--since <time>', text.since)
        .option('--until <time>', text.until)
        .option('--limit <n>', text.limit, '10000')
        .option('--ladder', text.ladder)
        .option('--calls <n>', text.calls, String(defaultCalls))
        .option('--ascii', text.ascii)
        .option('--svg <file>', text.svg)
        .action((file: string | undefined, options: SearchOptions) =>
          search(context, file, options),
        ),
    )
    .addCommand(
      searching(part('follow', text.follow)).action(
        (file: string | undefined, options: SearchOptions) => follow(context, file, options),
      ),
    )
    .addCommand(
      part('start', text.start)
        .requiredOption('--scenario <name>', text.scenario)
        .option('--level <level>', text.level)
        .option('--bodies <which>', text.bodies)
        .option('--bodies-of <uri>', text.bodiesOf)
        .option('--duration <time>', text.duration)
        .action((file: string | undefined, options: ScenarioOptions) =>
          start(context, file, options),
        ),
    )
    .addCommand(
      part('stop', text.stop)
        .requiredOption('--scenario <name>', text.scenario)
        .action((file: string | undefined, options: ScenarioOptions) =>
          control(context, file, options, (controller) =>
            controller.stop({ name: options.scenario ?? '' }),
          ),
        ),
    )
    .addCommand(
      part('update', text.update)
        .requiredOption('--duration <time>', text.durationUpdate)
        .option('--scenario <name>', text.scenarioUpdate)
        .action((file: string | undefined, options: ScenarioOptions) => {
          const { scenario: name } = options;
          const duration = parseDuration(options.duration ?? '');
          return control(context, file, options, (controller) =>
            controller.update({ duration, ...(name === undefined ? {} : { name }) }),
          );
        }),
    )
    .addCommand(
      part('flush', text.flush).action((file: string | undefined, options: Common) =>
        control(context, file, options, (controller) => controller.flush()),
      ),
    );
};

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

async function connect(
  context: CliContext,
  file: string | undefined,
  options: Common,
): Promise<{ plan: Plan; controller: LogController }> {
  const text = texts(context.language);
  const offset = readPortOffset(context, options.portOffset);
  const plan = readPlan(context, file ?? defaultTopology({ orContoso: true }), offset);
  const ofPools = (options.pool ?? []).flatMap((name) => {
    const pool = findPool(plan.topology, name.toLowerCase());
    if (pool !== undefined) return pool.members.map((member) => member.fqdn);
    throw new UsherError('USHER_UNKNOWN_POOL', text.unknownPool(name), {
      remedy: text.choose(plan.topology.pools.map((one) => one.fqdn).join(', ')),
    });
  });
  const hosts = [...new Set([...(options.host ?? []), ...ofPools])];
  const credentials = await ownCredentials(context, plan, options.as);
  const chosen = hosts.length === 0 ? {} : { hosts };
  return { plan, controller: new LogController({ plan, credentials, ...chosen }) };
}

/** Of the host named, else of the first host whose key is in the state directory. */
async function ownCredentials(
  context: CliContext,
  plan: Plan,
  as: string | undefined,
): Promise<Credentials> {
  const state = context.state ?? '.usher';
  const names = as === undefined ? agentHosts(plan).map((host) => host.fqdn) : [as.toLowerCase()];
  let first: unknown;
  for (const name of names) {
    try {
      return await loadCredentials(state, plan.topology, name);
    } catch (error) {
      first ??= error;
    }
  }
  const text = texts(context.language);
  throw first instanceof Error
    ? first
    : new UsherError('USHER_NO_LOG_AGENT', text.noAgents, { remedy: text.noAgentsRemedy });
}

async function status(
  context: CliContext,
  file: string | undefined,
  options: Common,
): Promise<void> {
  const { controller } = await connect(context, file, options);
  const outcomes = await controller.status();
  if (options.json === true) context.print(printableJson({ agents: outcomes }));
  else printStatus(context, outcomes);
  context.exit(outcomes.every((outcome) => outcome.kind === 'ok') ? 0 : 1);
}

async function start(
  context: CliContext,
  file: string | undefined,
  options: ScenarioOptions,
): Promise<void> {
  const { scenario, bodiesOf, duration } = options;
  const level = choose(context, 'level', levels, options.level);
  const bodies = choose(context, 'bodies', bodyPolicies, options.bodies);
  const milliseconds = duration === undefined ? undefined : parseDuration(duration);
  await control(context, file, options, (controller) =>
    controller.start({
      name: scenario ?? '',
      ...(level === undefined ? {} : { level }),
      ...(bodies === undefined ? {} : { bodies }),
      ...(bodiesOf === undefined ? {} : { uri: bodiesOf }),
      ...(milliseconds === undefined ? {} : { duration: milliseconds }),
    }),
  );
}

async function control(
  context: CliContext,
  file: string | undefined,
  options: Common,
  command: (controller: LogController) => Promise<readonly AgentOutcome<ControlAnswer>[]>,
): Promise<void> {
  const { controller } = await connect(context, file, options);
  const outcomes = await command(controller);
  if (options.json === true) context.print(printableJson({ agents: outcomes }));
  else summarize(context, outcomes);
  context.exit(outcomes.every((outcome) => outcome.kind === 'ok') ? 0 : 1);
}

async function search(
  context: CliContext,
  file: string | undefined,
  options: SearchOptions,
): Promise<void> {
  const { plan, controller } = await connect(context, file, options);
  const wish = criteria(context, options);
  if (options.ladder === true || options.svg !== undefined) {
    const calls = count(context, 'calls', options.calls ?? '');
    const found = await controller.correlate(wish, calls, context.interrupted);
    const ladders = laddersOf(found.records);
    if (options.json === true) context.print(printableJson({ ladders, agents: found.outcomes }));
    else printLadders(context, plan, ladders, options);
    if (found.more > 0) context.complain(texts(context.language).moreCalls(found.more));
    conclude(context, found.outcomes, found.records.length, wish, options);
    return;
  }
  const found = controller.search(wish, context.interrupted);
  const printed = await printRecords(context, found.records, options);
  conclude(context, await found.outcomes, printed, wish, options);
}

async function follow(
  context: CliContext,
  file: string | undefined,
  options: SearchOptions,
): Promise<void> {
  const { controller } = await connect(context, file, options);
  const { since: _, ...wish } = criteria(context, options);
  const found = controller.follow(wish, context.interrupted);
  await printRecords(context, found.records, options);
  const outcomes = await found.outcomes;
  complainAbout(context, outcomes);
  context.exit(outcomes.every((outcome) => outcome.kind === 'ok') ? 0 : 1);
}

async function printRecords(
  context: CliContext,
  records: AsyncIterable<LogRecord>,
  options: SearchOptions,
): Promise<number> {
  const { colour, columns } = context;
  const style = { full: options.full === true, colour, columns };
  let printed = 0;
  for await (const record of records) {
    printed += 1;
    if (options.json === true) context.print(printableJson(record));
    else for (const line of recordLines(record, style)) context.print(line);
  }
  return printed;
}

function printLadders(
  context: CliContext,
  plan: Plan,
  ladders: readonly Ladder[],
  options: SearchOptions,
): void {
  const names = ladderNames(plan, context.language);
  const { language, columns, colour, environment } = context;
  const locale = environment['LC_ALL'] ?? environment['LC_CTYPE'] ?? environment['LANG'] ?? 'UTF-8';
  const unicode = options.ascii !== true && /utf-?8/iu.test(locale);
  for (const [index, ladder] of ladders.entries()) {
    const lines = ladderText(ladder, { language, columns, colour, unicode, ...names });
    context.print(`${lines.join('\n')}\n`);
    if (options.svg === undefined) continue;
    const name = index === 0 ? options.svg : options.svg.replace(/(\.\w+)?$/u, `-${index + 1}$1`);
    writeOutput(context, name, ladderSvg(ladder, names));
    context.complain(texts(language).wrote(name));
  }
}

/** Says what is missing, and how much was found; sets the exit status. */
function conclude(
  context: CliContext,
  outcomes: readonly AgentOutcome<StreamEnd>[],
  found: number,
  wish: SearchRequest,
  options: SearchOptions,
): void {
  const text = texts(context.language);
  const answered = outcomes.filter((outcome) => outcome.kind === 'ok');
  if (options.json === true) {
    if (options.ladder !== true) context.print(printableJson({ agents: outcomes }));
  } else if (found > 0) context.complain(text.found(found, answered.length));
  else if (wish.since === undefined) context.complain(text.nothing);
  else context.complain(text.nothingSince(new Date(wish.since).toISOString()));
  complainAbout(context, outcomes);
  context.exit(answered.length === outcomes.length ? 0 : 1);
}

function criteria(context: CliContext, options: SearchOptions): SearchRequest {
  const now = Date.now();
  const { callId, uri, ip, text, method, status: code, until } = options;
  const level = choose(context, 'level', levels, options.level);
  const since = options.since ?? (callId === undefined ? defaultSince : undefined);
  return {
    ...(callId === undefined ? {} : { callIds: [...callId] }),
    ...(uri === undefined ? {} : { uri }),
    ...(ip === undefined ? {} : { ip }),
    ...(text === undefined ? {} : { text }),
    ...(method === undefined ? {} : { method }),
    ...(code === undefined ? {} : { status: code }),
    ...(level === undefined ? {} : { level }),
    ...(since === undefined ? {} : { since: parseTime(since, now) }),
    ...(until === undefined ? {} : { until: parseTime(until, now) }),
    ...(options.limit === undefined ? {} : { limit: count(context, 'limit', options.limit) }),
    match: options.any === true ? 'any' : 'all',
  };
}

function count(context: CliContext, option: string, value: string): number {
  const text = texts(context.language);
  if (/^[1-9]\d{0,4}$/u.test(value)) return Number(value);
  throw new UsherError('USHER_USAGE', text.badChoice(option, value), { remedy: text.badNumber });
}

/** The allowed value meant, in any case; undefined when none was given. */
function choose<Value extends string>(
  context: CliContext,
  option: string,
  allowed: readonly Value[],
  value: string | undefined,
): Value | undefined {
  if (value === undefined) return undefined;
  const found = allowed.find((one) => one.toLowerCase() === value.toLowerCase());
  if (found !== undefined) return found;
  const text = texts(context.language);
  throw new UsherError('USHER_USAGE', text.badChoice(option, value), {
    remedy: text.choose(allowed.join(', ')),
  });
}
