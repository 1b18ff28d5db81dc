import type { LoadResult } from '../load/threads.ts';
import { markdownTable } from '../report/table.ts';

/** Handshakes of one kind. */
export interface Shaken {
  readonly perSecond: number;
  /** Refused, or without an answer in time. */
  readonly failed: number;
  /** Seconds of the server's CPU for each. */
  readonly cpu: number;
  /** Share that resumed a session, 0 to 1. */
  readonly resumed: number;
}

/** What one server came to. */
export interface Measured {
  readonly name: string;
  /** Bytes resident for each idle connection. */
  readonly perConnection: number;
  readonly full: Shaken;
  readonly resumed: Shaken;
  readonly latency: {
    /** MESSAGE a second: half of the rate at which the server saturates. */
    readonly rate: number;
    readonly by: LoadResult;
    /** The same without the server in between. */
    readonly straight: LoadResult;
  };
}

/** How it was measured. */
export interface Settings {
  /** Idle connections that were open. */
  readonly idle: number;
  readonly seconds: number;
  readonly machine: string;
}

/** Bytes an idle connection should not exceed. */
const goal = 60_000;

/** The section of docs/benchmarks.md. */
export function pageOf(results: readonly Measured[], { idle, seconds, machine }: Settings): string {
  return [
    '## Handshakes, idle connections, latency',
    `\`npm run bench:handshake\`: ${machine}`,
    `Mutual TLS; runs of ${seconds} s. A handshake counts when a ping behind it was answered; driver and server share the ` +
      'cores, so what it costs the server in CPU says more than the rate.',
    markdownTable(
      [
        'server',
        'full a second',
        'CPU µs',
        'resumed a second',
        'CPU µs',
        'of them resumed',
        'failed',
      ],
      results.map(({ name, full, resumed }) => [
        name,
        whole(full.perSecond),
        whole(full.cpu * 1e6),
        whole(resumed.perSecond),
        whole(resumed.cpu * 1e6),
        `${whole(resumed.resumed * 100)} %`,
        whole(full.failed + resumed.failed),
      ]),
    ),
    ...(results.length > 1 ? [] : ['Kamailio was not there, or broke off under the load.']),
    markdownTable(
      ['server', `kB for each of ${whole(idle)} idle connections`, 'goal'],
      results.map(({ name, perConnection }) => [
        name,
        (perConnection / 1000).toFixed(1),
        `≤ ${whole(goal / 1000)}`,
      ]),
    ),
    'A MESSAGE relayed at half of the rate at which the server saturates, against the same rate straight to the sink:',
    markdownTable(
      ['server', 'a second', 'p50 µs', 'straight', 'added', 'p99 µs', 'straight'],
      results.map(({ name, latency: { rate, by, straight } }) => [
        name,
        whole(rate),
        whole(by.p50),
        whole(straight.p50),
        whole(by.p50 - straight.p50),
        whole(by.p99),
        whole(straight.p99),
      ]),
    ),
  ].join('\n\n');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
