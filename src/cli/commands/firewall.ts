import { Command } from 'commander';
import { UsherError } from '#base';
import { audit, certify, differenceReport, onlyIn, printCertificate, report } from '#firewall';
import type { AuditReport, Target } from '#firewall';
import type { CliContext, CommandFactory } from '../context.ts';
import { pairsOf, readRules, targetNamed, targetOption } from '../firewall-rules.ts';
import type { Pair } from '../firewall-rules.ts';
import { auditText, differenceText } from '../firewall-text.ts';
import { texts } from '../messages/firewall.ts';
import { writeOutput } from '../output-file.ts';
import { paint } from '../paint.ts';
import { defaultTopology, readPlan, readPortOffset } from '../plan-file.ts';
import { firewallCheck } from './firewall-check.ts';
import { firewallRender } from './firewall-render.ts';

interface AuditOptions {
  readonly host?: string;
  readonly rules: readonly string[];
  readonly target: string;
  readonly certificate?: string;
  readonly json?: true;
  readonly portOffset?: string;
}

interface DiffOptions {
  readonly target: string;
  readonly json?: true;
}

/** `usher firewall render|audit|check|diff` */
export const firewall: CommandFactory = (context) => {
  const text = texts(context.language);
  const auditing = new Command('audit')
    .description(text.audit)
    .argument('[topology]', text.topology)
    .requiredOption('--rules <files...>', text.rules)
    .option('--host <device>', text.host)
    .addOption(targetOption(text.target))
    .option('--certificate <file>', text.certificate)
    .option('--json', text.json)
    .option('--port-offset <n>', text.portOffset)
    .addHelpText('after', text.examples)
    .action((file: string | undefined, options: AuditOptions) =>
      runAudit(context, file ?? defaultTopology({ orContoso: true }), options),
    );
  const differing = new Command('diff')
    .description(text.diff)
    .argument('<first>', text.first)
    .argument('<second>', text.second)
    .addOption(targetOption(text.target))
    .option('--json', text.json)
    .addHelpText('after', text.examples)
    .action((first: string, second: string, options: DiffOptions) =>
      runDiff(context, [first, second], options),
    );
  return new Command('firewall')
    .description(text.description)
    .addHelpText('after', text.examples)
    .addCommand(firewallRender(context))
    .addCommand(auditing)
    .addCommand(firewallCheck(context))
    .addCommand(differing);
};

function runAudit(context: CliContext, file: string, options: AuditOptions): void {
  const { language, colour } = context;
  const target = targetNamed(options.target);
  const plan = readPlan(context, file, readPortOffset(context, options.portOffset));
  const ruleSets = readRules(context, options.rules, target);
  const pairs = pairsOf(context, plan, ruleSets, target, options.host);
  if (options.certificate !== undefined) writeCertificate(context, options.certificate, pairs);
  const found = pairs.map((pair) => ({ device: pair.asked.device, ...reportOf(pair, target) }));
  const ok = found.every((each) => each.ok);
  const [only, ...more] = found;
  if (options.json === true) {
    const single = options.host !== undefined && more.length === 0;
    context.print(JSON.stringify(single ? only : { ok, devices: found }, null, 2));
  } else {
    const heads = more.length > 0;
    for (const each of found) context.print(auditText(each, heads, language, paint(colour)));
  }
  context.exit(ok ? 0 : 1);
}

const reportOf = ({ asked, inForce }: Pair, target: Target): AuditReport =>
  report(audit(asked, inForce), target, asked);

function writeCertificate(context: CliContext, file: string, pairs: readonly Pair[]): void {
  const text = texts(context.language);
  const [pair, ...more] = pairs;
  if (pair === undefined || more.length > 0)
    throw new UsherError('USHER_USAGE', text.oneCertificate, {
      remedy: text.oneCertificateRemedy,
    });
  writeOutput(context, file, printCertificate(certify(pair.asked, pair.inForce)));
  context.complain(text.written(file));
}

function runDiff(
  context: CliContext,
  files: readonly [string, string],
  options: DiffOptions,
): void {
  const target = targetNamed(options.target);
  const [[first], [second]] = [
    readRules(context, [files[0]], target),
    readRules(context, [files[1]], target),
  ];
  const found = differenceReport(onlyIn(first, second), onlyIn(second, first));
  context.print(
    options.json === true
      ? JSON.stringify(found, null, 2)
      : differenceText(files, found, context.language, paint(context.colour)),
  );
  context.exit(found.ok ? 0 : 1);
}
