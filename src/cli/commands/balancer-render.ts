import { networkInterfaces } from 'node:os';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { UsherError } from '#base';
import { balancerExports, type ProbeFiles } from '#balancer';
import { beaconPath } from '#host';
import type { Plan } from '#ports';
import { findHost } from '#topology';
import type { CliContext, CommandFactory } from '../context.ts';
import { texts } from '../messages/balancer-render.ts';
import { writeOutput } from '../output-file.ts';
import { defaultTopology, readPlan, readPortOffset } from '../plan-file.ts';

interface Options extends Partial<ProbeFiles> {
  readonly target: string;
  readonly balancer?: string;
  readonly out?: string;
  readonly portOffset?: string;
  readonly interface?: string;
}

const { exportTargets, renderBalancer, renderVrrp, vrrpTarget } = balancerExports();
const names = [...Object.keys(exportTargets), vrrpTarget].join(', ');

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
    .option('--interface <name>', text.interface)
    .option('--port-offset <n>', text.portOffset)
    .addHelpText('after', text.examples)
    .action((file: string | undefined, options: Options) =>
      run(context, file ?? defaultTopology({ orContoso: true }), options),
    );
};

function run(context: CliContext, file: string, options: Options): void {
  const { target: name, out, portOffset } = options;
  const text = texts(context.language);
  if (name !== vrrpTarget && !Object.hasOwn(exportTargets, name)) {
    throw new UsherError('USHER_USAGE', text.badTarget(name), {
      remedy: text.badTargetRemedy(names),
    });
  }
  const plan = readPlan(context, file, readPortOffset(context, portOffset));
  const balancer = options.balancer ?? plan.virtualServices[0]?.balancer;
  if (balancer === undefined) {
    throw new UsherError('USHER_USAGE', text.none(file), { remedy: text.noneRemedy });
  }
  const rendered = renderedFor(context, plan, balancer, options);
  if (out === undefined) {
    context.print(rendered.trimEnd());
  } else {
    writeOutput(context, out, rendered);
    context.complain(text.written(out));
  }
}

function renderedFor(context: CliContext, plan: Plan, balancer: string, options: Options): string {
  const { target: name, certificate, ca } = options;
  const text = texts(context.language);
  const target = new Map(Object.entries(exportTargets)).get(name);
  if (target === undefined) {
    return renderVrrp(plan, balancer, {
      interface: options.interface ?? interfaceOf(context, plan, balancer),
      beacon: beaconPath(resolve(context.state ?? '/var/lib/usher'), balancer.toLowerCase()),
    });
  }
  if (options.interface !== undefined) {
    throw new UsherError('USHER_USAGE', text.badInterface(name), {
      remedy: text.badInterfaceRemedy(vrrpTarget),
    });
  }
  return renderBalancer(target, plan, balancer, {
    ...(certificate === undefined ? {} : { certificate }),
    ...(ca === undefined ? {} : { ca }),
  });
}

/** The interface that has the balancer's own address, where this is its machine. */
function interfaceOf(context: CliContext, { topology }: Plan, balancer: string): string {
  const own = findHost(topology, balancer)?.addresses ?? [];
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (addresses?.some(({ address }) => own.includes(address)) === true) return name;
  }
  const text = texts(context.language);
  throw new UsherError('USHER_USAGE', text.noInterface(balancer, own.join(', ')), {
    remedy: text.noInterfaceRemedy,
  });
}
