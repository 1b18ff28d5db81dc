import { barPlot, markdownTable } from '../report/table.ts';

/** One way to the members. */
export type Way = 'direct' | 'nftables' | 'haproxy' | 'embedded';

/** What one way came to: medians of all rounds. */
export interface Measured {
  readonly way: Way;
  /** MESSAGE answered a second, over standing connections with mutual TLS. */
  readonly requests: number;
  /** Microseconds from request to answer. */
  readonly p99: number;
  /** Seconds of the balancer's CPU for each request; the kernel's work for it is not in it. */
  readonly cpu: number;
  /** New connections a second, each with one request and its answer, without TLS. */
  readonly connections: number;
}

/** What each way has to reach: a share of another one's requests a second. */
const goals: readonly { readonly way: Way; readonly of: Way; readonly least: number }[] = [
  { way: 'nftables', of: 'direct', least: 0.95 },
  { way: 'nftables', of: 'haproxy', least: 1 },
  { way: 'embedded', of: 'haproxy', least: 0.5 },
];

/** How it was measured. */
export interface Settings {
  readonly rounds: number;
  readonly seconds: number;
  readonly driver: string;
  readonly machine: string;
}

/** The section of docs/benchmarks.md. */
export function pageOf(results: readonly Measured[], settings: Settings): string {
  const { rounds, seconds, driver, machine } = settings;
  const of = (way: Way): Measured | undefined => results.find((one) => one.way === way);
  const ratio = (one: Way, other: Way, what: (measured: Measured) => number): string => {
    const [above, below] = [of(one), of(other)];
    return above === undefined || below === undefined
      ? '–'
      : `${(what(above) / what(below)).toFixed(2)}×`;
  };
  return [
    '## The VIP: three engines',
    `\`npm run bench:vip\`: ${machine}`,
    `MESSAGE over 8 connections with mutual TLS to answering sinks in network namespaces, all ways in turns, medians of ${rounds} rounds ` +
      `of ${seconds} s; driver and sinks: ${driver}. They share the cores with the balancer. New connections carry one request each, without TLS.`,
    markdownTable(
      ['requests a second', 'measured', 'goal'],
      goals.map(({ way, of: other, least }) => [
        `${way} ÷ ${other}`,
        ratio(way, other, ({ requests }) => requests),
        `≥ ${least.toFixed(2)}×`,
      ]),
    ),
    markdownTable(
      ['new connections a second', 'measured'],
      [
        ...goals.map(({ way, of: other }) => [way, other] as const),
        ['haproxy', 'direct'] as const,
      ].map(([way, other]) => [
        `${way} ÷ ${other}`,
        ratio(way, other, ({ connections }) => connections),
      ]),
    ),
    barPlot(
      results.map(({ way, requests }) => ({
        name: way,
        value: requests,
        text: `${whole(requests)} requests a second`,
      })),
    ),
    markdownTable(
      ['way', 'requests a second', 'p99 µs', 'balancer’s CPU µs', 'new connections a second'],
      results.map(({ way, requests, p99, cpu, connections }) => [
        way,
        whole(requests),
        whole(p99),
        (cpu * 1e6).toFixed(1),
        whole(connections),
      ]),
    ),
  ].join('\n\n');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
