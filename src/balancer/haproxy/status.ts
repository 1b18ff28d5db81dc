import { unreadable } from '../exports/reading.ts';

/** What HAProxy counts for one server, or for one frontend (`FRONTEND`). */
export interface Line {
  /** The section, e.g. `pool_sip`. */
  readonly service: string;
  readonly server: string;
  /** Sessions now, and since the process started. */
  readonly open: number;
  readonly total: number;
  /** Attempts that failed, were repeated or went to another server. */
  readonly troubles: number;
  /** Connections refused by a rule (frontends). */
  readonly denied: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** E.g. `UP`, `DOWN`, `MAINT`. */
  readonly status: string;
}

const columns = {
  service: 'pxname',
  server: 'svname',
  open: 'scur',
  total: 'stot',
  failed: 'econ',
  repeated: 'wretr',
  moved: 'wredis',
  denied: 'dcon',
  bytesIn: 'bin',
  bytesOut: 'bout',
  status: 'status',
} as const;

/** Reads `show stat`: comma-separated, the first line names the columns. */
export function readStatistics(text: string): readonly Line[] {
  const [head = '', ...lines] = text.trim().split('\n');
  const names = head.replace(/^# /u, '').split(',');
  const places = new Map(Object.values(columns).map((name) => [name, names.indexOf(name)]));
  if ([...places.values()].includes(-1)) throw unreadable('the statistics of HAProxy');
  return lines.map((line) => {
    const fields = line.split(',');
    const field = (column: keyof typeof columns): string =>
      fields[places.get(columns[column]) ?? -1] ?? '';
    return {
      service: field('service'),
      server: field('server'),
      open: Number(field('open')),
      total: Number(field('total')),
      troubles: Number(field('failed')) + Number(field('repeated')) + Number(field('moved')),
      denied: Number(field('denied')),
      bytesIn: Number(field('bytesIn')),
      bytesOut: Number(field('bytesOut')),
      status: field('status'),
    };
  });
}

/** Reads `show proc` of the master: the worker that takes connections, and those that let theirs end. */
export function readWorkers(text: string): {
  readonly present: number | undefined;
  readonly old: readonly number[];
} {
  const [, now = '', before = ''] = text.split(/^# (?:old )?workers$/mu);
  return { present: workersIn(now)[0], old: workersIn(before) };
}

function workersIn(part: string): number[] {
  return [...part.matchAll(/^(\d+)\s+worker\b/gmu)].map(([, pid]) => Number(pid));
}

/** Reads `show table`: entries used in each. */
export function readTables(text: string): ReadonlyMap<string, number> {
  return new Map(
    [...text.matchAll(/^# table: (\S+), .* used:(\d+)$/gmu)].map(([, name = '', used]) => [
      name,
      Number(used),
    ]),
  );
}

/** Reads a line of the log: which session ended out of order, and how. */
export function readEnd(
  line: string,
): { readonly service: string; readonly how: 'idle' | 'other' } | undefined {
  const [, service = '', how = ''] = /^session (\S+) \S+ (..)$/u.exec(line) ?? [];
  if (service === '') return undefined;
  // The first letter: whose time ran out; the second: while data might pass.
  return { service, how: how === 'cD' || how === 'sD' ? 'idle' : 'other' };
}
