import { Command } from 'commander';
import { check, parseCertificate } from '#firewall';
import type { CliContext, CommandFactory } from '../context.ts';
import { pairsOf, readRuleFile, readRules, targetNamed, targetOption } from '../firewall-rules.ts';
import { texts } from '../messages/firewall.ts';
import { paint } from '../paint.ts';
import { defaultTopology, readPlan, readPortOffset } from '../plan-file.ts';

interface Options {
  readonly rules: readonly string[];
  readonly target: string;
  readonly json?: true;
  readonly portOffset?: string;
}

/** `usher firewall check CERTIFICATE [TOPOLOGY]` */
export const firewallCheck: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('check')
    .description(text.check)
    .argument('<certificate>', text.certificateRead)
    .argument('[topology]', text.topology)
    .requiredOption('--rules <files...>', text.rules)
    .addOption(targetOption(text.target))
    .option('--json', text.json)
    .option('--port-offset <n>', text.portOffset)
    .addHelpText('after', text.examples)
    .action((certificate: string, file: string | undefined, options: Options) =>
      run(context, certificate, file ?? defaultTopology({ orContoso: true }), options),
    );
};

function run(context: CliContext, file: string, topology: string, options: Options): void {
  const { language, colour } = context;
  const text = texts(language);
  const ink = paint(colour);
  const target = targetNamed(options.target);
  const certificate = parseCertificate(readRuleFile(context, file));
  const plan = readPlan(context, topology, readPortOffset(context, options.portOffset));
  const ruleSets = readRules(context, options.rules, target);
  const results = pairsOf(context, plan, ruleSets, target, certificate.device).map(
    ({ asked, inForce }) => check(certificate, asked, inForce),
  );
  for (const checked of results) {
    if (options.json === true) context.print(JSON.stringify(checked, null, 2));
    else if (checked.holds) {
      const { regions, missing, excess } = checked;
      context.print(ink.good(text.holds(certificate.device, regions)));
      context.print(text.proves(missing, excess));
    } else {
      const { direction, region } = checked;
      context.print(ink.bad(text.refuted(certificate.device, text.why[checked.why])));
      if (direction !== undefined)
        context.print(
          `${text.direction[direction]}${region === undefined ? '' : `, ${text.region(region)}`}`,
        );
    }
  }
  context.exit(results.every(({ holds }) => holds) ? 0 : 1);
}
