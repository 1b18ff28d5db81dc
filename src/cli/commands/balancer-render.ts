import { Command } from 'commander';
import { UsherError } from '#base';
import { balancerExports, type ProbeFiles } from '#balancer';
import type { CliContext, CommandFactory } from '../context.ts';
import { texts } from '../messages/balancer-render.ts';
import { writeOutput } from '../output-file.ts';
import { defaultTopology, readPlan, readPortOffset } from '../plan-file.ts';

interface Options extends Partial<ProbeFiles> {
  readonly target: string;
  readonly balancer?: string;
  readonly out?: string;
  readonly portOffset?: string;
}

const { exportTargets, renderBalancer } = balancerExports();
const names = Object.keys(exportTargets).join(', ');

/** `usher balancer render [TOPOLOGY]` */
export const balancerRender: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('render')
    .description(text.description)
    .argument('[topology]', text.topology)
    .requiredOption('--target <program>', text.target(names))
    .option('--balancer <fqdn>', text.balancer)
    .option('--out <file>', text.out)
    .option('--certificate <file>', text.certificate)
    .option('--ca <file>', text.ca)
    .option('--port-offset <n>', text.portOffset)
    .addHelpText('after', text.examples)
    .action((file: string | undefined, options: Options) =>
      run(context, file ?? defaultTopology({ orContoso: true }), options),
    );
};

function run(context: CliContext, file: string, options: Options): void {
  const { target: name, out, portOffset, certificate, ca } = options;
  const text = texts(context.language);
  const target = new Map(Object.entries(exportTargets)).get(name);
  if (target === undefined) {
    throw new UsherError('USHER_USAGE', text.badTarget(name), {
      remedy: text.badTargetRemedy(names),
    });
  }
  const plan = readPlan(context, file, readPortOffset(context, portOffset));
  const balancer = options.balancer ?? plan.virtualServices[0]?.balancer;
  if (balancer === undefined) {
    throw new UsherError('USHER_USAGE', text.none(file), { remedy: text.noneRemedy });
  }
  const rendered = renderBalancer(target, plan, balancer, {
    ...(certificate === undefined ? {} : { certificate }),
    ...(ca === undefined ? {} : { ca }),
  });
  if (out === undefined) {
    context.print(rendered.trimEnd());
  } else {
    writeOutput(context, out, rendered);
    context.complain(text.written(out));
  }
}
