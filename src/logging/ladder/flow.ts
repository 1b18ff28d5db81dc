import { hostPart, startLineOf, type LogRecord } from '../record.ts';
import { decodeUtf8, printable } from '../printable.ts';

/** Someone in a ladder: a host of the topology or a client somewhere outside. */
export interface Lifeline {
  readonly id: string;
  readonly kind: 'host' | 'client';
  /** Short name: the first label of the host, or the user part of the client's address. */
  readonly name: string;
  /** FQDN of a host, address of a client. */
  readonly detail: string;
}

/** One message on its way from one lifeline to another; both ends' records are one arrow. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  /** Method and, for responses, status with reason; safe to print. */
  readonly label: string;
  /** Status of a response; 0 for a request. */
  readonly status: number;
  /** Milliseconds since the epoch, at the sender where it recorded. */
  readonly at: number;
  /** `address:port` the sender connected to, when somebody passed the connection on (a VIP). */
  readonly through: string | undefined;
}

/** All messages of one Call-ID, in the order of cause and effect. */
export interface Ladder {
  readonly callId: string;
  readonly startedAt: number;
  /** Milliseconds from the first message to the last. */
  readonly duration: number;
  /** In the order a message meets them. */
  readonly lifelines: readonly Lifeline[];
  readonly arrows: readonly Arrow[];
}

/** What identifies a message on one hop: both ends see the same. */
function hopKey(record: LogRecord): string {
  return JSON.stringify([
    record.status,
    record.method,
    record.cseq,
    record.branch,
    record.status === 0 ? '' : viaCount(record.head),
  ]);
}

/** Responses of one transaction differ between hops in the number of Vias left. */
function viaCount(head: string): number {
  return (head.match(/^(?:via|v)[ \t]*:/gim) ?? []).length;
}

interface Hop {
  readonly out: LogRecord | undefined;
  readonly into: LogRecord | undefined;
}

/** Joins the record of the sender with the record of the receiver, the first with the first. */
function joinHops(records: readonly LogRecord[]): Hop[] {
  const arrivals = new Map<string, LogRecord[]>();
  for (const record of records) {
    if (record.direction !== 'in') continue;
    const key = hopKey(record);
    const waiting = arrivals.get(key);
    if (waiting === undefined) arrivals.set(key, [record]);
    else waiting.push(record);
  }
  const hops: Hop[] = [];
  const joined = new Set<LogRecord>();
  for (const out of records) {
    if (out.direction !== 'out') continue;
    const candidates = arrivals.get(hopKey(out)) ?? [];
    const exact = candidates.findIndex((into) => into.peer === out.host);
    const index = exact < 0 ? candidates.findIndex((into) => mayBeSame(out, into)) : exact;
    const [into] = index < 0 ? [] : candidates.splice(index, 1);
    if (into !== undefined) joined.add(into);
    hops.push({ out, into });
  }
  const unsent = records.filter((record) => record.direction === 'in' && !joined.has(record));
  return [...hops, ...unsent.map((into) => ({ out: undefined, into }))];
}

/**
 * A message to or from a client is never another server's. The name of the sender need not be the
 * host's: whoever dials a VIP knows the pool's name only.
 */
function mayBeSame(out: LogRecord, into: LogRecord): boolean {
  return out.peer !== 'client' && into.peer !== 'client';
}

/**
 * Orders hops by cause: what one process saw first comes first, whatever the clocks of different
 * hosts say; time decides only between hops that have nothing to do with each other.
 */
function inOrder(hops: readonly Hop[]): Hop[] {
  const after = new Map<Hop, Set<Hop>>(hops.map((hop) => [hop, new Set()]));
  const blockers = new Map<Hop, number>(hops.map((hop) => [hop, 0]));
  const perWriter = new Map<string, { sequence: number; hop: Hop }[]>();
  for (const hop of hops) {
    for (const record of [hop.out, hop.into]) {
      if (record === undefined) continue;
      const writer = `${record.host} ${record.writer}`;
      const list = perWriter.get(writer) ?? [];
      list.push({ sequence: record.sequence, hop });
      perWriter.set(writer, list);
    }
  }
  for (const seen of perWriter.values()) {
    const sorted = seen.toSorted((a, b) => a.sequence - b.sequence);
    for (const [index, { hop: later }] of sorted.entries()) {
      const earlier = sorted[index - 1]?.hop;
      const known = earlier === undefined ? undefined : after.get(earlier);
      if (earlier === later || known === undefined || known.has(later)) continue;
      known.add(later);
      blockers.set(later, (blockers.get(later) ?? 0) + 1);
    }
  }
  const waiting = new Set(hops.toSorted((a, b) => timeOf(a) - timeOf(b)));
  const ordered: Hop[] = [];
  while (waiting.size > 0) {
    // Messages that crossed each other on two connections can leave nobody free: then the earliest.
    const next =
      waiting.values().find((hop) => (blockers.get(hop) ?? 0) === 0) ??
      waiting.values().next().value;
    if (next === undefined) break;
    waiting.delete(next);
    ordered.push(next);
    for (const later of after.get(next) ?? []) blockers.set(later, (blockers.get(later) ?? 0) - 1);
  }
  return ordered;
}

function timeOf(hop: Hop): number {
  return hop.out?.at ?? hop.into?.at ?? 0;
}

/** The lifeline at the other end of a record whose peer recorded nothing. */
function farEnd(record: LogRecord): Lifeline {
  if (record.peer !== 'client' && record.peer !== '') return hostLine(record.peer);
  // Whoever sends a request, or gets the response, is the one in From.
  const sentByFarEnd = record.direction === 'in';
  const originator = sentByFarEnd === (record.status === 0);
  const aor = originator ? record.from : record.to;
  const name = printable(decodeUtf8(aor.split('@', 1)[0] || aor)) || '?';
  return { id: `client ${record.remote}`, kind: 'client', name, detail: record.remote };
}

function hostLine(fqdn: string): Lifeline {
  const name = printable(fqdn.split('.', 1)[0] ?? fqdn);
  return { id: `host ${fqdn}`, kind: 'host', name, detail: fqdn };
}

function labelOf(record: LogRecord): string {
  if (record.status === 0) return printable(record.method) || '?';
  return printable(decodeUtf8(startLineOf(record)));
}

function arrowOf({ out, into }: Hop): { arrow: Arrow; ends: readonly Lifeline[] } | undefined {
  const record = out ?? into;
  if (record === undefined) return undefined;
  const from = out === undefined ? farEnd(record) : hostLine(out.host);
  const to = into === undefined ? farEnd(record) : hostLine(into.host);
  const passedOn =
    out !== undefined && into !== undefined && hostPart(out.remote) !== hostPart(into.local);
  // A server dialled under a pool's name that recorded nothing stays known by that name.
  const through = passedOn && out.label === 'dialled' ? out.remote : undefined;
  const { status, at } = record;
  const arrow = { from: from.id, to: to.id, label: labelOf(record), status, at, through };
  return { arrow, ends: [from, to] };
}

/** Gives clients of the same name different ones: `alice`, `alice (2)`. */
function distinctNames(lifelines: readonly Lifeline[]): Lifeline[] {
  const count = new Map<string, number>();
  return lifelines.map((lifeline) => {
    const number = (count.get(lifeline.name) ?? 0) + 1;
    count.set(lifeline.name, number);
    return number === 1 ? lifeline : { ...lifeline, name: `${lifeline.name} (${number})` };
  });
}

function ladderOf(callId: string, records: readonly LogRecord[]): Ladder {
  const lifelines = new Map<string, Lifeline>();
  const arrows: Arrow[] = [];
  let startedAt = Number.POSITIVE_INFINITY;
  for (const hop of inOrder(joinHops(records))) {
    const made = arrowOf(hop);
    if (made === undefined) continue;
    for (const end of made.ends) if (!lifelines.has(end.id)) lifelines.set(end.id, end);
    // Clocks of two hosts differ; the ladder's time never runs backwards.
    const at = Math.max(made.arrow.at, arrows.at(-1)?.at ?? Number.NEGATIVE_INFINITY);
    arrows.push({ ...made.arrow, at });
    startedAt = Math.min(startedAt, at);
  }
  return {
    callId,
    startedAt,
    duration: (arrows.at(-1)?.at ?? startedAt) - startedAt,
    lifelines: distinctNames([...lifelines.values()]),
    arrows,
  };
}

/**
 * Draws together what several hosts recorded: one ladder per Call-ID, in the order they began. The
 * records may come in any order; what is no SIP message is left out.
 */
export function laddersOf(records: readonly LogRecord[]): Ladder[] {
  const calls = new Map<string, LogRecord[]>();
  for (const record of records) {
    if (record.kind !== 'message') continue;
    const call = calls.get(record.callId);
    if (call === undefined) calls.set(record.callId, [record]);
    else call.push(record);
  }
  return [...calls]
    .map(([callId, call]) => ladderOf(callId, call))
    .toSorted((a, b) => a.startedAt - b.startedAt);
}
