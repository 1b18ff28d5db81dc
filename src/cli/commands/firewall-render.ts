import { join } from 'node:path';
import { Command, Option } from 'commander';
import { fits, policyOf, ruleSetOf, targets } from '#firewall';
import type { CliContext, CommandFactory } from '../context.ts';
import { targetNamed } from '../firewall-rules.ts';
import { texts } from '../messages/firewall-render.ts';
import { makeOutputDirectory, writeOutput } from '../output-file.ts';
import { defaultTopology, readPlan, readPortOffset } from '../plan-file.ts';
import { tellExpiries, tellLockOuts, today } from '../policy-notices.ts';

interface Options {
  readonly target: string;
  readonly host?: string;
  readonly out?: string;
  readonly portOffset?: string;
}

/** `usher firewall render [TOPOLOGY]` */
export const firewallRender: CommandFactory = (context) => {
  const text = texts(context.language);
  const kind = new Option('--target <kind>', text.target).choices(targets.map(({ name }) => name));
  return new Command('render')
    .description(text.description)
    .argument('[topology]', text.topology)
    .addOption(kind.makeOptionMandatory())
    .option('--host <device>', text.host)
    .option('--out <directory>', text.out)
    .option('--port-offset <n>', text.portOffset)
    .addHelpText('after', text.examples)
    .action((file: string | undefined, options: Options) =>
      run(context, file ?? defaultTopology({ orContoso: true }), options),
    );
};

function run(context: CliContext, topology: string, options: Options): void {
  const { host, out, portOffset } = options;
  const { language } = context;
  const plan = readPlan(context, topology, readPortOffset(context, portOffset));
  const target = targetNamed(options.target);
  const policy = { language, today: today() };
  tellExpiries(context, plan);
  const all = host === undefined ? policyOf(plan, policy) : [ruleSetOf(plan, host, policy)];
  const fit = host === undefined ? all.filter((ruleSet) => fits(target, ruleSet)) : all;
  const left = all.filter((ruleSet) => !fit.includes(ruleSet)).map(({ device }) => device);
  if (left.length > 0) {
    const text = texts(language);
    const say = target.only === 'firewalls' ? text.firewallsOnly : text.hostsOnly;
    context.complain(say(target.name, left.join(', ')));
  }
  const files = target.render(fit, {});
  tellLockOuts(context, fit);
  if (out !== undefined) {
    makeOutputDirectory(context, out);
    for (const { name, content } of files) {
      const path = join(out, name);
      writeOutput(context, path, content);
      context.complain(texts(language).written(path));
    }
    return;
  }
  const [only, ...more] = files;
  if (only !== undefined && more.length === 0) context.print(only.content.trimEnd());
  else {
    for (const { name, content } of files) context.print(`==> ${name} <==\n${content}`);
  }
}
