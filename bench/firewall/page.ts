import { barPlot, markdownTable } from '../report/table.ts';
import type { ShapeName } from './shapes.ts';

/** One audit: CPU seconds, memory, findings (missing, excess, shadowed). */
export interface AuditResult {
  readonly shape: ShapeName;
  readonly how: 'changed' | 'reworded';
  /** Rules in force. */
  readonly size: number;
  readonly seconds: number;
  readonly megabytes: number;
  readonly found: readonly number[];
}

/** One compile, CPU seconds. */
export interface CompileResult {
  readonly read: number;
  readonly rules: number;
  readonly written: number;
  readonly devices: number;
  readonly legs: number;
  readonly megabytes: number;
}

const seconds = (value: number): string => value.toFixed(2);

const words = {
  changed: 'a copy, one rule gone, one wider',
  reworded: 'the same, every rule in two halves',
} as const;

/** Growth against the next smaller size of the same shape. */
function growthOf(result: AuditResult, all: readonly AuditResult[]): string {
  const smaller = all
    .filter(
      ({ shape, how, size }) => shape === result.shape && how === result.how && size < result.size,
    )
    .at(-1);
  if (smaller === undefined) return '';
  return `${(result.seconds / smaller.seconds).toFixed(1)}× for ${(result.size / smaller.size).toFixed(0)}×`;
}

/** The section of docs/benchmarks.md. */
export function pageOf(
  audits: readonly AuditResult[],
  compile: CompileResult,
  machine: string,
): string {
  const rows = audits.map((result) => [
    `${result.shape}: ${words[result.how]}`,
    result.size.toLocaleString('en'),
    seconds(result.seconds),
    growthOf(result, audits),
    Math.round(result.megabytes).toLocaleString('en'),
    result.found.map((count) => count.toLocaleString('en')).join(' / '),
  ]);
  const largest = Math.max(...audits.map(({ size }) => size));
  const bars = audits
    .filter(({ size }) => size === largest)
    .map((result) => ({
      name: `${result.shape}, ${result.how}`,
      value: result.seconds,
      text: `${seconds(result.seconds)} s`,
    }));
  const { devices, legs, megabytes } = compile;
  return [
    '## Firewalls',
    `\`npm run bench:firewall\`: ${machine}`,
    'Audit: CPU seconds of one call, garbage collection included, each in a process of its own; decided over all' +
      ' packets. "rules" are the rules in force, held against as many of the table, or against half as many that say the' +
      ' same. Host pairs do not overlap; of nested prefixes a third is denied and all overlap; port ranges are small' +
      ' blocks with ranges of ports.',
    markdownTable(
      ['shape', 'rules', 'CPU s', 'growth', 'peak MB', 'blocked / in excess / never reached'],
      rows,
    ),
    `${largest.toLocaleString('en')} rules:`,
    barPlot(bars),
    `Compile of a topology of ${(devices - 2).toLocaleString('en')} hosts (${devices.toLocaleString('en')} devices with both` +
      ` firewalls, ${legs.toLocaleString('en')} legs), CPU seconds; ${Math.round(megabytes).toLocaleString('en')} MB at most:`,
    markdownTable(
      ['step', 'CPU s'],
      [
        ['topology file to plan', seconds(compile.read)],
        ['plan to the rules of every device', seconds(compile.rules)],
        ['rules to nftables', seconds(compile.written)],
        ['together', seconds(compile.read + compile.rules + compile.written)],
      ],
    ),
  ].join('\n\n');
}
