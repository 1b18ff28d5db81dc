import { UsherError } from '#base';
import type { Position, RuleSet } from './rule.ts';

/** One file of a firewall's configuration. */
export interface RuleFile {
  /** Relative path. */
  readonly name: string;
  readonly content: string;
}

/** What the user says about the devices the rules go to. */
export interface RenderOptions {
  /** Zone or side of the topology → interface or zone of the device, e.g. `outside` → `eth0`. */
  readonly interfaces?: Readonly<Record<string, string>>;
  /** Log what falls through to the default. Default true where the target can. */
  readonly logDenied?: boolean;
}

/**
 * A kind of firewall: writes rule sets in its language and reads them back. Both directions are
 * pure. `read(render(sets))` gives rule sets about the same packets, with the same row ids; where
 * `becomes` is given, those of `becomes(set)`.
 */
export interface Target {
  /** As `--target` takes it, e.g. `nftables`. */
  readonly name: string;
  /** What it protects when that is not everything: single hosts, or what lies behind a firewall between zones. */
  readonly only?: 'hosts' | 'firewalls';
  /**
   * The rule set as this kind of firewall holds it, when that differs: one without memory of
   * connections admits their replies by rules of their own, one that hears of connections only needs
   * no rule for neighbour discovery.
   */
  readonly becomes?: (ruleSet: RuleSet) => RuleSet;
  /** Limits of the language the writer keeps to by itself, e.g. `{ ruleNameLength: 63 }`. */
  readonly limits: Readonly<Record<string, number>>;
  /** @throws UsherError `USHER_RULES_TOO_LARGE` when a limit cannot be kept however the rules are cut */
  render(ruleSets: readonly RuleSet[], options: RenderOptions): readonly RuleFile[];
  /** @throws UsherError `USHER_RULES_UNREADABLE` with file and line; a rule that has no model becomes an unknown one */
  read(files: readonly RuleFile[]): readonly RuleSet[];
}

/** The fault of a rule set nobody can read: `file:line`, what was met, what would be right. */
export function unreadable(position: Position, met: string, allowed: string): UsherError {
  return new UsherError(
    'USHER_RULES_UNREADABLE',
    `${position.file}:${position.line}: ${met}; allowed: ${allowed}`,
    { remedy: 'Give the rules as the firewall itself lists them, whole and unedited.' },
  );
}

/** True when a target can protect what a rule set is for: only firewalls between zones have zones. */
export const fits = ({ only }: Target, { zones }: RuleSet): boolean =>
  only === undefined || (only === 'firewalls') === zones.length > 0;
