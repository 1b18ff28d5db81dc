import { markdownTable } from '../report/table.ts';
import type { Result } from './measure.ts';

/** How it was measured. */
export interface Settings {
  readonly rounds: number;
  readonly machine: string;
  readonly notes: readonly string[];
}

/** Our own cases stand under this name, first of their group. */
export const own = 'usher';

/** The section of docs/benchmarks.md: microseconds of CPU of our own, and how many times that others take. */
export function pageOf(results: readonly Result[], { rounds, machine, notes }: Settings): string {
  const groups = new Map<string, Result[]>();
  for (const result of results) {
    groups.set(result.group, [...(groups.get(result.group) ?? []), result]);
  }
  const rivals = [...new Set(results.map(({ name }) => name))].filter((name) => name !== own);
  const rows = [...groups].map(([group, members]) => {
    const ours = members.find(({ name }) => name === own);
    return [
      group,
      ours === undefined ? '' : ours.median.toFixed(2),
      ours === undefined ? '' : ours.best.toFixed(2),
      ...rivals.map((rival) => times(members.find(({ name }) => name === rival)?.median, ours)),
    ];
  });
  return [
    '## The message layer',
    `\`npm run bench:parse\`: ${machine}`,
    `CPU of one call, garbage collection included, all cases in turns, ${rounds} rounds. Usher in µs, median and best;` +
      ' others as multiples of the median. Everybody starts from bytes and reads six headers.',
    markdownTable(['work', 'Usher', 'best', ...rivals], rows),
    ...notes.map((note) => `Left out: ${note}.`),
  ].join('\n\n');
}

function times(theirs: number | undefined, ours: Result | undefined): string {
  return theirs === undefined || ours === undefined ? '' : `${(theirs / ours.median).toFixed(1)}×`;
}
