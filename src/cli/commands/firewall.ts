import { readFileSync, statSync } from 'node:fs';
import { Command } from 'commander';
import { messageOf, UsherError } from '#base';
import { audit, differenceReport, nftables, onlyIn, report, ruleSetOf } from '#firewall';
import type { RuleSet } from '#firewall';
import type { CliContext, CommandFactory } from '../context.ts';
import { auditText, differenceText } from '../firewall-text.ts';
import { texts } from '../messages/firewall.ts';
import { paint } from '../paint.ts';
import { defaultTopology, readPlan, readPortOffset } from '../plan-file.ts';
import { firewallRender } from './firewall-render.ts';

interface AuditOptions {
  readonly host: string;
  readonly rules: string;
  readonly json?: true;
  readonly portOffset?: string;
}

/** A listing of 100,000 rules has about 20. */
const mostMegabytes = 256;

/** `usher firewall render|audit|diff` */
export const firewall: CommandFactory = (context) => {
  const text = texts(context.language);
  const auditing = new Command('audit')
    .description(text.audit)
    .argument('[topology]', text.topology)
    .requiredOption('--host <device>', text.host)
    .requiredOption('--rules <file>', text.rules)
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
    .option('--json', text.json)
    .addHelpText('after', text.examples)
    .action((first: string, second: string, options: { readonly json?: true }) =>
      runDiff(context, [first, second], options.json === true),
    );
  return new Command('firewall')
    .description(text.description)
    .addHelpText('after', text.examples)
    .addCommand(firewallRender(context))
    .addCommand(auditing)
    .addCommand(differing);
};

function runAudit(context: CliContext, file: string, options: AuditOptions): void {
  const plan = readPlan(context, file, readPortOffset(context, options.portOffset));
  const { language, colour } = context;
  const asked = ruleSetOf(plan, options.host, { language });
  const found = report(audit(asked, readRules(context, options.rules)));
  context.print(
    options.json === true
      ? JSON.stringify(found, null, 2)
      : auditText(asked.device, found, language, paint(colour)),
  );
  context.exit(found.ok ? 0 : 1);
}

function runDiff(context: CliContext, files: readonly [string, string], json: boolean): void {
  const first = readRules(context, files[0]);
  const second = readRules(context, files[1]);
  const found = differenceReport(onlyIn(first, second), onlyIn(second, first));
  context.print(
    json
      ? JSON.stringify(found, null, 2)
      : differenceText(files, found, context.language, paint(context.colour)),
  );
  context.exit(found.ok ? 0 : 1);
}

/**
 * Reads the rules of one device.
 *
 * @throws UsherError `USHER_RULES_UNREADABLE`
 */
function readRules(context: CliContext, name: string): RuleSet {
  const text = texts(context.language);
  const fault = (message: string, cause?: unknown): UsherError =>
    new UsherError('USHER_RULES_UNREADABLE', message, { remedy: text.unreadableRemedy, cause });
  let content: string;
  try {
    if (statSync(name).size > mostMegabytes * 1_000_000)
      throw fault(text.tooLarge(name, mostMegabytes));
    content = readFileSync(name, 'utf8');
  } catch (error) {
    if (error instanceof UsherError) throw error;
    throw fault(`${text.unreadable(name)}: ${messageOf(error)}`, error);
  }
  const [rules] = nftables.read([{ name, content }]);
  if (rules === undefined) throw fault(text.unreadable(name));
  return rules;
}
