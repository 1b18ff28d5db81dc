import { expiringFlows, locksOut } from '#firewall';
import type { RuleSet } from '#firewall';
import type { Plan } from '#ports';
import type { CliContext } from './context.ts';
import { texts } from './messages/policy-notices.ts';

/** Today as `YYYY-MM-DD`, in UTC so that all machines agree. */
export const today = (): string => new Date().toISOString().slice(0, 10);

/** Says on standard error which flows of the site are over, or soon will be. */
export function tellExpiries(context: CliContext, plan: Plan): void {
  const text = texts(context.language);
  for (const { row, owner, expires, days } of expiringFlows(plan, today())) {
    context.complain(
      days <= 0 ? text.expired(row, expires, owner) : text.expiring(row, expires, days, owner),
    );
  }
}

/** Says on standard error which hosts nobody could administer any more under these rules. */
export function tellLockOuts(context: CliContext, ruleSets: readonly RuleSet[]): void {
  const hosts = ruleSets.filter(locksOut).map(({ device }) => device);
  if (hosts.length > 0) context.complain(texts(context.language).lockedOut(hosts.join(', ')));
}
