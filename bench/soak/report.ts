import { markdownTable } from '../report/table.ts';
import type { Result } from './soak.ts';
import { longestOwn } from './stalls.ts';

/** Share of the requests outside of fail-over that have to go well. */
const calmEnough = 0.99;

/** What was not as it should be, one sentence each; empty when all is well. */
export function faultsOf({
  requests,
  memory,
  heap,
  stalls,
  calls,
  kills,
}: Result): readonly string[] {
  const { silent, calm } = requests;
  const grown = Object.entries(memory).filter(([, { ok }]) => !ok);
  const kept = Object.entries(heap).filter(([, { ok }]) => !ok);
  return [
    ...(silent.length === 0
      ? []
      : [
          `${silent.length} requests had no final response and no kill explains it: ` +
            silent
              .slice(0, 5)
              .map(({ method, sentAt }) => `${method} at ${new Date(sentAt).toISOString()}`)
              .join(', '),
        ]),
    ...(calm >= calmEnough
      ? []
      : [`Only ${percent(calm)} of the requests outside of fail-over went well.`]),
    ...(calls > 0 ? [] : ['No call was made.']),
    ...(kills > 0 ? [] : ['Nothing was killed.']),
    ...grown.map(
      ([host, { before, after }]) =>
        `${host} grew from ${megabytes(before)} to ${megabytes(after)} MB.`,
    ),
    ...kept.map(
      ([host, { before, after }]) =>
        `${host} keeps ${megabytes(after)} MB after a full collection, and kept ${megabytes(before)} MB.`,
    ),
    ...stalls
      .filter(({ own }) => own > longestOwn)
      .map(
        ({ host, at, milliseconds, own }) =>
          `The event loop of ${host} stalled for ${milliseconds} ms at ${new Date(at).toISOString()}, ` +
          `${Math.round(own)} ms of it by its own doing.`,
      ),
  ];
}

export function wentWell(result: Result): boolean {
  return faultsOf(result).length === 0;
}

/** The section of docs/benchmarks.md. */
export function reportOf(result: Result, machine: string): string {
  const { plan, requests, memory, heap, stalls, calls, kills, reloads } = result;
  const faults = faultsOf(result);
  const own = Math.max(0, ...stalls.map((stall) => stall.own));
  const several = plan.workers === 1 ? '' : `, ${plan.workers} processes a host`;
  return [
    `## Soak: ${plan.minutes} min of mixed load${several}`,
    `\`npm run soak${plan.workers === 1 ? '' : ` -- --workers ${plan.workers}`}\`: ${machine}`,
    `A Front End killed every ${plan.kill} s (${kills} kills), all certificates renewed and read again every ` +
      `${plan.reload} s (${reloads} times). ${requests.sent} requests, ${calls} calls from INVITE to BYE; ` +
      `half were answered within ${requests.p50} ms, 99 in 100 within ${requests.p99} ms.`,
    `${requests.silent.length} unanswered; ${requests.lost} went down with a killed process. Outside of ` +
      `fail-over ${percent(requests.calm)} went well. Seconds with a stall above ${longestOwn} ms: ${stalls.length}; ` +
      `what is left of the longest without the processor's absence (the kernel's count, and the same measure ` +
      `in the soak itself as control): ${Math.round(own)} ms.`,
    answers(result),
    markdownTable(
      ['process', 'objects kept, warm', 'at the end', 'resident, warm', 'at the end'],
      Object.entries(memory).map(([host, { before, after }]) => [
        host,
        megabytes(heap[host]?.before ?? 0),
        megabytes(heap[host]?.after ?? 0),
        megabytes(before),
        megabytes(after),
      ]),
    ),
    `In MB. Objects are what a full collection leaves, with the memory outside of the heap; they may grow by ` +
      `${megabytes(Object.values(heap)[0]?.tolerance ?? 0)}, what is resident by ` +
      `${megabytes(Object.values(memory)[0]?.tolerance ?? 0)}.`,
    faults.length === 0 ? 'All as it should be.' : faults.map((fault) => `- ${fault}`).join('\n'),
  ].join('\n\n');
}

function answers({ requests: { statuses } }: Result): string {
  const methods = Object.keys(statuses).toSorted();
  const seen = new Set(methods.flatMap((method) => Object.keys(statuses[method] ?? {})));
  return markdownTable(
    ['answer', ...methods],
    [...seen]
      .toSorted()
      .map((status) => [
        status,
        ...methods.map((method) => String(statuses[method]?.[status] ?? '')),
      ]),
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
