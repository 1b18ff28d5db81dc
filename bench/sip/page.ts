import { barPlot, markdownTable } from '../report/table.ts';
import type { Job, Sample } from './measure.ts';

/** One line of the result: medians of one job at one number of connections. */
export interface Row {
  readonly job: Job;
  readonly connections: number;
  readonly measured: Sample;
  readonly kamailio: Sample | undefined;
}

/** How it was measured. */
export interface Settings {
  readonly driver: string;
  readonly rounds: number;
  /** Of every run. */
  readonly seconds: number;
  readonly machine: string;
}

/** The section of docs/benchmarks.md: ratios first, then what they are made of. */
export function pageOf(
  rows: readonly Row[],
  limits: readonly Row[],
  headroom: ReadonlyMap<number, number>,
  { driver, rounds, seconds, machine }: Settings,
): string {
  const compared = rows.filter(({ kamailio }) => kamailio !== undefined);
  return [
    '## A Director beside Kamailio',
    `\`npm run bench:sip\`: ${machine}`,
    `Mutual TLS on every side; both in turns in one run, medians of ${rounds} runs of ${seconds} s; driver: ${driver}.`,
    compared.length === 0 ? '' : ratios(compared),
    compared.length === 0 ? '' : plot(compared),
    absolute(rows),
    'The raw limit is the driver against its own answering sink, which does nothing but answer.',
    limitTable(rows, limits, headroom),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function ratios(rows: readonly Row[]): string {
  return markdownTable(
    ['job', 'connections', 'rate', 'target', 'CPU', 'p99', 'memory'],
    rows.map(({ job, connections, measured, kamailio }) => [
      job.name,
      String(connections),
      times(measured.perSecond, kamailio?.perSecond),
      job.target === undefined ? '' : `${job.target.toFixed(1)}×`,
      times(measured.cpu, kamailio?.cpu),
      times(measured.p99, kamailio?.p99),
      times(measured.memory, kamailio?.memory),
    ]),
  );
}

function absolute(rows: readonly Row[]): string {
  const line = (who: string, { job, connections }: Row, one: Sample): string[] => [
    job.name,
    who,
    String(connections),
    thousands(one.perSecond),
    one.cpu.toFixed(1),
    thousands(one.p50),
    thousands(one.p99),
    String(Math.round(one.memory / 1e6)),
  ];
  return markdownTable(
    ['job', 'server', 'connections', 'a second', 'CPU µs', 'p50 µs', 'p99 µs', 'MB'],
    rows.flatMap((row) => [
      line('Usher', row, row.measured),
      ...(row.kamailio === undefined ? [] : [line('Kamailio', row, row.kamailio)]),
    ]),
  );
}

function limitTable(
  rows: readonly Row[],
  limits: readonly Row[],
  headroom: ReadonlyMap<number, number>,
): string {
  return markdownTable(
    ['connections', 'limit a second', 'redirect / limit', 'target', 'driver / driver in C'],
    limits.map(({ connections, measured }) => {
      const redirect = rows.find(
        (row) => row.job.name === 'redirect' && row.connections === connections,
      );
      const ratio = headroom.get(connections);
      return [
        String(connections),
        thousands(measured.perSecond),
        redirect === undefined ? '' : (redirect.measured.perSecond / measured.perSecond).toFixed(2),
        '0.50',
        ratio === undefined ? '' : ratio.toFixed(2),
      ];
    }),
  );
}

function plot(rows: readonly Row[]): string {
  return barPlot(
    rows.flatMap(({ job, connections, measured, kamailio }) =>
      [
        { who: 'Usher', one: measured },
        { who: 'Kamailio', one: kamailio },
      ].map(({ who, one }) => ({
        name: `${job.name}, ${connections}: ${who}`,
        value: one?.perSecond ?? 0,
        text: `${thousands(one?.perSecond ?? 0)} a second`,
      })),
    ),
  );
}

function times(ours: number, theirs: number | undefined): string {
  return theirs === undefined || theirs === 0 ? '' : `${(ours / theirs).toFixed(2)}×`;
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
