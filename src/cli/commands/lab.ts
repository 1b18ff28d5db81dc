import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { UsherError } from '#base';
import {
  checkName,
  labStatus,
  labTopology,
  makeRoom,
  meant,
  namespaceOf,
  openLab,
  requireLab,
  runIn,
  startLab,
  stopLab,
  type StationStatus,
} from '#lab';
import { hostsOf, runsUsher } from '#topology';
import { columns } from '../columns.ts';
import type { CliContext, CommandFactory } from '../context.ts';
import { demoUsers } from '../demo-users.ts';
import { texts } from '../messages/lab.ts';
import { texts as upTexts } from '../messages/up.ts';
import { paint } from '../paint.ts';
import { defaultTopology, readPlan } from '../plan-file.ts';
import { tellExpiries, today } from '../policy-notices.ts';
import { prepare } from '../prepare.ts';
import { verifyLab, type VerifyOptions } from './lab-verify.ts';
import { progress } from '../progress.ts';

interface Options {
  readonly name: string;
  readonly json?: true;
}

const defaultName = 'usher';

/** `usher lab up|verify|exec|status|down` */
export const lab: CommandFactory = (context) => {
  const text = texts(context.language);
  const named = (name: string, description: string): Command =>
    new Command(name)
      .description(description)
      .option('--name <name>', text.name, defaultName)
      .addHelpText('after', text.examples);
  return (
    new Command('lab')
      .description(text.description)
      // Options after the host of exec belong to the program.
      .enablePositionalOptions()
      .addHelpText('after', text.examples)
      .addCommand(
        named('up', text.up)
          .argument('[topology]', text.topology)
          .action((file: string | undefined, options: Options) =>
            runUp(context, file ?? defaultTopology({ orContoso: true }), options),
          ),
      )
      .addCommand(
        named('exec', text.exec)
          .argument('<host>', text.host)
          .argument('[program...]', text.words)
          .passThroughOptions()
          .action((host: string, words: readonly string[], options: Options) =>
            runExec(context, host, words, options),
          ),
      )
      .addCommand(
        named('verify', text.verify)
          .option('--sweep', text.sweep)
          .option('--from <station...>', text.from)
          .option('--devices', text.devices)
          .option('--json', text.verifyJson)
          .option('--junit <file>', text.junit)
          .option('--html <file>', text.html)
          .action((options: VerifyOptions) => verifyLab(context, options)),
      )
      .addCommand(
        named('status', text.status)
          .option('--json', text.json)
          .action((options: Options) => runStatus(context, options)),
      )
      .addCommand(named('down', text.down).action((options: Options) => runDown(context, options)))
  );
};

async function runUp(context: CliContext, topologyFile: string, { name }: Options): Promise<void> {
  const text = texts(context.language);
  const ink = paint(context.colour);
  const begun = performance.now();
  const seconds = (): string => ((performance.now() - begun) / 1000).toFixed(1);
  const written = readPlan(context, topologyFile);
  checkName(name);
  await requireLab();
  if (await makeRoom(name)) context.complain(text.cleaned(name));
  tellExpiries(context, written);
  const topology = await labTopology(name, resolve(topologyFile), written, today());
  const { file, plan, copy } = topology;
  const hosts = hostsOf(plan.topology).filter(runsUsher);
  const others = hostsOf(plan.topology).filter((host) => !runsUsher(host));
  const stateDirectory = resolve(context.state ?? '.usher', join('labs', name));
  await prepare(context, plan, stateDirectory, context.print);
  const users = demoUsers(stateDirectory, plan);
  const bar = progress(context, text.starting);
  let started = 0;
  const lay = performance.now();
  const since = (): string => ((performance.now() - lay) / 1000).toFixed(1);
  try {
    const record = await startLab({ name, topology, stateDirectory }, (step, host) => {
      if (step === 'wired') context.print(text.wired(since()));
      if (step === 'started') bar.show(++started, hosts.length, host?.fqdn ?? '');
    });
    bar.clear();
    context.print(
      ink.strong(text.heading(plan.topology.name, name, hosts.length, record.namespaces.length)),
    );
    if (copy !== undefined) context.print(text.moved(file));
    if (others.length > 0) {
      context.print(upTexts(context.language).others(others.map(({ fqdn }) => fqdn).join(', ')));
    }
    context.print(text.started(hosts.length, seconds()));
    context.print(text.users(users.file));
    context.print(ink.faint(text.next));
  } finally {
    bar.clear();
  }
}

async function runExec(
  context: CliContext,
  host: string,
  written: readonly string[],
  { name }: Options,
): Promise<void> {
  const text = texts(context.language);
  const words = written[0] === '--' ? written.slice(1) : written;
  const [program] = words;
  if (program === undefined) {
    throw new UsherError('USHER_USAGE', text.missingProgram, { remedy: text.missingProgramRemedy });
  }
  await requireLab();
  const record = await openLab(name);
  const stations = record.namespaces.map((namespace) => namespace.slice(name.length + 1));
  const status = await runIn(namespaceOf(name, meant(stations, host)), words);
  if (status === 0) return;
  context.complain(text.endedWith(program, status));
  context.exit(1);
}

async function runStatus(context: CliContext, { name, json }: Options): Promise<void> {
  const text = texts(context.language);
  await requireLab();
  const record = await openLab(name);
  const plan = readPlan(context, record.topologyFile);
  const stations = await labStatus(record, plan);
  const well = stations.every(({ there, fallen }) => there && !fallen);
  if (json === true) {
    const { topologyFile, stateDirectory } = record;
    context.print(
      JSON.stringify({ ok: well, name, topologyFile, stateDirectory, stations }, null, 2),
    );
  } else {
    const { station, addresses, runs } = text.columns;
    const lines = stations.map((each) => [
      each.name,
      each.addresses.join(', '),
      stateOf(context, each),
    ]);
    for (const line of columns([[station, addresses, runs], ...lines])) context.print(line);
  }
  context.exit(well ? 0 : 1);
}

function stateOf(context: CliContext, { there, fallen, processes }: StationStatus): string {
  const text = texts(context.language);
  const ink = paint(context.colour);
  if (!there) return ink.bad(text.gone);
  return fallen ? ink.bad(text.fallen) : processes.join(', ');
}

async function runDown(context: CliContext, { name }: Options): Promise<void> {
  const text = texts(context.language);
  await requireLab();
  const was = await stopLab(name);
  context.print(was ? text.removed(name) : text.none(name));
}
