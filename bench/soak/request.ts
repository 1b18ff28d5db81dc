/** One request of a user, from the first byte to the final response. Times are epoch milliseconds. */
export interface SentRequest {
  readonly method: string;
  readonly sentAt: number;
  /** When the final response came, or the wait for it was given up. */
  readonly endedAt: number;
  /** Status of the final response; undefined: none came. */
  readonly status: number | undefined;
}

/** What became of all requests. */
export interface RequestVerdict {
  readonly sent: number;
  /** Final responses by method and status, e.g. `{ BYE: { 200: 17 } }`. */
  readonly statuses: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Without a final response, sent when a process was killed: these went down with it. */
  readonly lost: number;
  /** Without a final response, and no kill explains it. */
  readonly silent: readonly SentRequest[];
  /** Of the requests sent while nothing failed over: share that went well, 0 to 1. */
  readonly calm: number;
  /** Milliseconds: half and 99 in a hundred of the answered ones took no longer. */
  readonly p50: number;
  readonly p99: number;
}

/** Milliseconds around a kill in which a request may have been in the killed process. */
const inFlight = { before: 5000, after: 1000 } as const;

/** Milliseconds after a kill that count as fail-over: users sign in again, the process comes back. */
export const failOver = 10_000;

/** Judges the requests of a run in which processes were killed at these times. */
export function judgeRequests(
  requests: readonly SentRequest[],
  kills: readonly number[],
): RequestVerdict {
  const statuses: Record<string, Record<string, number>> = {};
  const silent: SentRequest[] = [];
  let lost = 0;
  let calm = 0;
  let well = 0;
  for (const request of requests) {
    const { method, sentAt, endedAt, status } = request;
    if (status === undefined) {
      if (kills.some((at) => sentAt > at - inFlight.before && sentAt < at + inFlight.after))
        lost += 1;
      else silent.push(request);
      continue;
    }
    const of = (statuses[method] ??= {});
    of[status] = (of[status] ?? 0) + 1;
    if (kills.some((at) => endedAt > at && sentAt < at + failOver)) continue;
    calm += 1;
    if (wentWell(status)) well += 1;
  }
  const took = requests
    .filter(({ status }) => status !== undefined)
    .map(({ sentAt, endedAt }) => endedAt - sentAt)
    .toSorted((a, b) => a - b);
  const quantile = (share: number): number => took[Math.floor(took.length * share)] ?? 0;
  return {
    sent: requests.length,
    statuses,
    lost,
    silent,
    calm: calm === 0 ? 0 : well / calm,
    p50: quantile(0.5),
    p99: quantile(0.99),
  };
}

/** Done, or asked for a password, which the next request brings. */
function wentWell(status: number): boolean {
  return status < 300 || status === 401 || status === 407;
}
