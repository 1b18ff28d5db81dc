import { Command } from 'commander';
import { UsherError } from '#base';
import { idleChains, type IdleChain } from '#balancer';
import { columns } from '../columns.ts';
import type { CliContext, CommandFactory } from '../context.ts';
import { texts as renderTexts } from '../messages/balancer-render.ts';
import { texts } from '../messages/balancer-timers.ts';
import { paint } from '../paint.ts';
import { defaultTopology, readPlan } from '../plan-file.ts';

interface Options {
  readonly balancer?: string;
  readonly json?: boolean;
}

/** `usher balancer timers [TOPOLOGY]` */
export const balancerTimers: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('timers')
    .description(text.description)
    .argument('[topology]', text.topology)
    .option('--balancer <fqdn>', text.balancer)
    .option('--json', text.json)
    .addHelpText('after', text.examples)
    .action((file: string | undefined, options: Options) =>
      run(context, file ?? defaultTopology({ orContoso: true }), options),
    );
};

function run(context: CliContext, file: string, { balancer, json }: Options): void {
  const plan = readPlan(context, file, 0);
  const chains = idleChains(plan, balancer ?? plan.virtualServices[0]?.balancer ?? '');
  if (chains.length === 0) {
    const { none, noneRemedy } = renderTexts(context.language);
    throw new UsherError('USHER_USAGE', none(file), { remedy: noneRemedy });
  }
  const wrong = chains.some(({ findings }) => findings.length > 0);
  if (json === true) context.print(JSON.stringify({ ok: !wrong, services: chains }, null, 2));
  else context.print(lines(context, chains).join('\n'));
  context.exit(wrong ? 1 : 0);
}

function lines(context: CliContext, chains: readonly IdleChain[]): string[] {
  const text = texts(context.language);
  const ink = paint(context.colour);
  const rows = chains.map(({ service, hops, rows: ids }) => {
    const cell = (hop: string): string => {
      const found = hops.find((one) => one.hop === hop);
      if (found === undefined) return text.notThere;
      return found.seconds === undefined ? text.unknown : text.seconds(found.seconds);
    };
    return [service, ...['client', 'balancer', 'firewall', 'server'].map(cell), ids.join(', ')];
  });
  const [head = '', ...table] = columns([text.columns, ...rows]);
  const faults = chains.flatMap(({ service, findings }) =>
    findings.flatMap(({ early, late }) => {
      const [first, second] = [early.seconds ?? 0, late.seconds ?? 0];
      const said = text.finding(service, text.hops[early.hop], first, text.hops[late.hop], second);
      return [ink.bad(said), ...advice(context, early.hop, second, late.hop, first)];
    }),
  );
  return [ink.faint(head), ...table, ...(faults.length === 0 ? [text.well] : faults)];
}

/** What brings two neighbours into order: the early one down, or the late one up. */
function advice(
  { language }: CliContext,
  early: keyof ReturnType<typeof texts>['hops'],
  below: number,
  late: keyof ReturnType<typeof texts>['hops'],
  above: number,
): readonly string[] {
  const { change, raise } = texts(language);
  return [
    ...(early === 'server' ? [] : [`  ${change[early](below)}`]),
    // What a server of ours does is fixed.
    ...(late === 'balancer' || late === 'firewall' ? [`  ${raise[late](above)}`] : []),
  ];
}
