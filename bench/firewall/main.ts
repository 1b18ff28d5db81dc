import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine } from '../machine/describe.ts';
import { writeSection } from '../report/section.ts';
import { pageOf } from './page.ts';
import type { AuditResult, CompileResult } from './page.ts';
import { shapeNames } from './shapes.ts';

const help = `Usage: npm run bench:firewall -- [options] [SIZE…]

How the audit of a firewall grows: 1,000, 10,000 and 100,000 rules (or the sizes given) of three shapes, each
held against a copy in which one rule is gone and one is wider, and against the same packets in other words.
Then the rules of every device of 1,000 hosts.

  --write         put the result into docs/benchmarks.md
`;

/** Runs measure.ts in a process of its own. */
function measured<Out>(
  isResult: (value: unknown) => value is Out,
  ...args: readonly string[]
): Out {
  const program = fileURLToPath(new URL('measure.ts', import.meta.url));
  const value: unknown = JSON.parse(
    execFileSync(process.execPath, [program, ...args], { encoding: 'utf8' }),
  );
  if (!isResult(value)) throw new Error(`measure.ts ${args.join(' ')}: not a result`);
  return value;
}

type Outcome = Pick<AuditResult, 'seconds' | 'megabytes' | 'found'>;
const isOutcome = (value: unknown): value is Outcome =>
  typeof value === 'object' && value !== null && 'seconds' in value && 'found' in value;
const isCompile = (value: unknown): value is CompileResult =>
  typeof value === 'object' && value !== null && 'rules' in value && 'legs' in value;

function run(sizes: readonly number[], write: boolean): void {
  const machine = describeMachine();
  const audits = shapeNames.flatMap((shape) =>
    (['changed', 'reworded'] as const).flatMap((how) =>
      sizes.map((size): AuditResult => {
        const outcome = measured(isOutcome, 'audit', shape, String(size), how);
        process.stderr.write(`${shape}, ${how}, ${size}: ${outcome.seconds.toFixed(2)} s\n`);
        return { shape, how, size, ...outcome };
      }),
    ),
  );
  const page = pageOf(audits, measured(isCompile, 'compile'), machine);
  process.stdout.write(`${page}\n`);
  if (write) writeSection('firewall', page);
}

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  for (const size of positionals) {
    if (!/^[1-9]\d{2,6}$/u.test(size)) throw new Error(`${size}: a size from 100 to 9,999,999`);
  }
  const sizes = positionals.length > 0 ? positionals.map(Number) : [1000, 10_000, 100_000];
  return { ...values, sizes: sizes.toSorted((a, b) => a - b) };
}

let options: ReturnType<typeof readOptions>;
try {
  options = readOptions();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nTry --help.\n`);
  process.exit(2);
}
if (options.help) process.stdout.write(help);
else run(options.sizes, options.write);
