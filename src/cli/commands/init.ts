import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { messageOf, systemErrorCode, UsherError } from '#base';
import { starterDefaults, starterTopology, topologyJsonSchema } from '#topology';
import type { LoadBalancing, StarterFacts } from '#topology';
import type { CliContext, CommandFactory } from '../context.ts';
import { texts } from '../messages/init.ts';

type FactName = keyof StarterFacts;

/** The flag of every fact, in the order of the questions. */
const flags = {
  sipDomain: '--sip-domain <domain>',
  serverDomain: '--server-domain <domain>',
  balancing: '--balancing <kind>',
  directors: '--directors <n>',
  frontEnds: '--front-ends <n>',
  inside: '--inside <cidr>',
  outside: '--outside <cidr>',
  clients: '--clients <cidr>',
  administration: '--administration <cidr>',
} as const satisfies Record<FactName, string>;

interface Options extends Partial<Record<FactName, string>> {
  readonly out?: string;
  readonly force?: true;
  readonly yes?: true;
  readonly schema?: true;
}

/** `usher init [--out FILE]` */
export const init: CommandFactory = (context) => {
  const text = texts(context.language);
  const command = new Command('init')
    .description(text.description)
    .option('-o, --out <file>', text.out)
    .option('--force', text.force)
    .option('-y, --yes', text.yes);
  for (const name of factNames) command.option(flags[name], text.facts[name]);
  return command
    .option('--schema', text.schema)
    .addHelpText('after', text.examples)
    .action((options: Options) => run(context, options));
};

const factNames: readonly FactName[] = [
  'sipDomain',
  'serverDomain',
  'balancing',
  'directors',
  'frontEnds',
  'inside',
  'outside',
  'clients',
  'administration',
];

async function run(context: CliContext, options: Options): Promise<void> {
  if (options.schema === true) {
    context.print(JSON.stringify(topologyJsonSchema(), null, 2));
    return;
  }
  // Nobody shall answer nine questions in vain.
  if (options.out !== undefined && options.force !== true && existsSync(options.out)) {
    throw alreadyThere(context, options.out);
  }
  const answers = new Map<FactName, string>();
  for (const name of factNames) {
    // One Director is all there is without load balancing.
    const lone = name === 'directors' && answers.get('balancing') === 'none';
    const proposal = lone ? '1' : String(starterDefaults[name]);
    const answer = await factOf(context, options, name, proposal);
    answers.set(name, name === 'balancing' ? balancingOf(context, answer) : answer);
  }
  const topology = starterTopology(readFacts(context, answers), context.language);
  if (options.out === undefined) context.print(topology.trimEnd());
  else await write(context, options.out, topology, options.force === true);
}

/** The option, else the answer, else the proposal. */
async function factOf(
  context: CliContext,
  options: Options,
  name: FactName,
  proposal: string,
): Promise<string> {
  const given = options[name];
  if (given !== undefined || options.yes === true) return given ?? proposal;
  const question = `${texts(context.language).facts[name]} [${proposal}]: `;
  return (await context.ask(question)).trim() || proposal;
}

function balancingOf(context: CliContext, answer: string): LoadBalancing {
  const text = texts(context.language);
  const kinds: readonly LoadBalancing[] = ['none', 'dns', 'hardware'];
  const balancing = kinds.find((kind) => kind === answer.toLowerCase());
  if (balancing !== undefined) return balancing;
  throw new UsherError('USHER_USAGE', text.badBalancing(answer), {
    remedy: text.badBalancingRemedy,
  });
}

function readFacts(context: CliContext, answers: ReadonlyMap<FactName, string>): StarterFacts {
  const answer = (name: FactName): string => answers.get(name) ?? String(starterDefaults[name]);
  return {
    sipDomain: answer('sipDomain'),
    serverDomain: answer('serverDomain'),
    balancing: balancingOf(context, answer('balancing')),
    directors: Number(answer('directors')),
    frontEnds: Number(answer('frontEnds')),
    inside: answer('inside'),
    outside: answer('outside'),
    clients: answer('clients'),
    administration: answer('administration'),
  };
}

function alreadyThere(context: CliContext, file: string): UsherError {
  const text = texts(context.language);
  return new UsherError('USHER_FILE_EXISTS', text.exists(file), { remedy: text.existsRemedy });
}

async function write(context: CliContext, file: string, topology: string, force: boolean) {
  const text = texts(context.language);
  try {
    await writeFile(file, topology, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') throw alreadyThere(context, file);
    throw new UsherError('USHER_FILE', `${text.unwritable(file)}: ${messageOf(error)}`, {
      remedy: text.unwritableRemedy,
      cause: error,
    });
  }
  context.complain(text.written(file));
}
