import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { Option } from 'commander';
import { messageOf, UsherError } from '#base';
import { nftables, ruleSetOf, targets } from '#firewall';
import type { RuleFile, RuleSet, Target } from '#firewall';
import type { Plan } from '#ports';
import type { CliContext } from './context.ts';
import { texts } from './messages/firewall.ts';
import { tellExpiries, today } from './policy-notices.ts';

/** A listing of 100,000 rules has about 20. */
const mostMegabytes = 256;

/** `--target`: the kind of firewall the rules in force are of. */
export const targetOption = (description: string): Option =>
  new Option('--target <kind>', description)
    .choices(targets.map(({ name }) => name))
    .default(nftables.name);

export const targetNamed = (wanted: string): Target =>
  targets.find(({ name }) => name === wanted) ?? nftables;

/**
 * Reads a file of rules or a certificate.
 *
 * @throws UsherError `USHER_RULES_UNREADABLE` when it cannot be read or has more than 256 MB
 */
export function readRuleFile(context: CliContext, name: string, target?: Target): RuleFile {
  const text = texts(context.language);
  const remedy = target === undefined ? text.uncertifiedRemedy : text.unreadableRemedy(target.name);
  const fault = (message: string, cause?: unknown): UsherError =>
    new UsherError('USHER_RULES_UNREADABLE', message, { remedy, cause });
  try {
    if (statSync(name).size > mostMegabytes * 1_000_000)
      throw fault(text.tooLarge(name, mostMegabytes));
    return { name, content: readFileSync(name, 'utf8') };
  } catch (error) {
    if (error instanceof UsherError) throw error;
    throw fault(`${text.unreadable(name)}: ${messageOf(error)}`, error);
  }
}

/**
 * The rule sets in some files; there is at least one.
 *
 * @throws UsherError `USHER_RULES_UNREADABLE`
 */
export function readRules(
  context: CliContext,
  names: readonly string[],
  target: Target,
): readonly [RuleSet, ...RuleSet[]] {
  const [first, ...more] = target.read(names.map((name) => readRuleFile(context, name, target)));
  if (first !== undefined) return [first, ...more];
  const text = texts(context.language);
  throw new UsherError('USHER_RULES_UNREADABLE', text.noRules(names.join(', '), target.name), {
    remedy: text.unreadableRemedy(target.name),
  });
}

/** The rules in force on a device, and those the port table asks for there. */
export interface Pair {
  readonly asked: RuleSet;
  readonly inForce: RuleSet;
}

/**
 * Finds out which device each rule set is of: the one named, or the one the rules or their file are called after.
 *
 * @throws UsherError `USHER_UNKNOWN_HOST` when the topology has no such device, or none of several rule sets is its own
 */
export function pairsOf(
  context: CliContext,
  plan: Plan,
  ruleSets: readonly RuleSet[],
  target: Target,
  host: string | undefined,
): readonly Pair[] {
  const pair = (device: string, inForce: RuleSet): Pair => {
    const asked = ruleSetOf(plan, device, { language: context.language, today: today() });
    return { asked: target.becomes?.(asked) ?? asked, inForce };
  };
  tellExpiries(context, plan);
  if (host === undefined) return ruleSets.map((inForce) => pair(inForce.device, inForce));
  const own = ruleSets.filter(
    ({ device }) => ruleSets.length === 1 || device.toLowerCase() === host.toLowerCase(),
  );
  if (own.length > 0) return own.map((inForce) => pair(host, inForce));
  const text = texts(context.language);
  const devices = ruleSets.map(({ device }) => basename(device)).join(', ');
  throw new UsherError('USHER_UNKNOWN_HOST', text.notAmong(host, devices), {
    remedy: text.notAmongRemedy,
  });
}
