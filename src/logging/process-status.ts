import { messageOf, type Dump, type Siblings } from '#base';
import type { ProcessStatus } from './process-shape.ts';

const topic = 'logging:status';

/** Answers the other processes of the host when they ask how this one is. */
export function answerStatus(siblings: Siblings, own: () => ProcessStatus): void {
  siblings.answer(topic, () => {
    const { eventLoop: loop, ...rest } = own();
    return loop === undefined ? rest : { ...rest, eventLoop: loop };
  });
}

/** How the other processes of the host are; one that is too busy to answer is left out. */
export async function statusOfOthers(siblings: Siblings): Promise<readonly ProcessStatus[]> {
  const asked = [...siblings.others].map((name) => siblings.ask(name, topic, null));
  // Loaded when it is needed: a host starts sooner without.
  const { processStatus } = await import('./process-shape.ts');
  return (await Promise.all(asked)).flatMap((told) => {
    const read = processStatus.safeParse(told);
    return read.success ? [read.data] : [];
  });
}

/** What a role says about itself, or why it cannot. */
export function detailsOf(details: (() => Dump) | undefined): Dump {
  try {
    return details?.() ?? null;
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/**
 * Several processes as the one host they serve: amounts are added, of delays the longest counts, and the one
 * that answers, the first, speaks for what is no amount.
 */
export function hostStatus(first: ProcessStatus, others: readonly ProcessStatus[]): ProcessStatus {
  const all = [first, ...others];
  const loops = all.flatMap(({ eventLoop: loop }) => (loop === undefined ? [] : [loop]));
  const recorders = all.map((each) => each.recorder);
  return {
    ...first,
    residentMemory: sumOf(all, ({ residentMemory }) => residentMemory),
    eventLoop:
      loops.length === 0
        ? undefined
        : {
            highest: Math.max(...loops.map(({ highest }) => highest)),
            stalls: sumOf(loops, ({ stalls }) => stalls),
          },
    recorder: {
      recorded: sumOf(recorders, ({ recorded }) => recorded),
      dropped: sumOf(recorders, ({ dropped }) => dropped),
      lost: sumOf(recorders, ({ lost }) => lost),
      queued: sumOf(recorders, ({ queued }) => queued),
      lastFailure: recorders.find(({ lastFailure }) => lastFailure !== null)?.lastFailure ?? null,
    },
    details: others.reduce<Dump>((sum, { details }) => added(sum, details), first.details),
  };
}

function sumOf<Item>(items: readonly Item[], amount: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + amount(item), 0);
}

/** Numbers that are no amount of one process: every one has the same, or the highest counts. */
const notAdded: ReadonlySet<string> = new Set([
  'port',
  'loopDelay',
  'siblings',
  // Every process of a Front End has all bindings.
  'users',
  'bindings',
]);

function added(one: Dump, other: Dump | undefined, name = ''): Dump {
  if (other === undefined) return one;
  if (typeof one === 'number' && typeof other === 'number') {
    return notAdded.has(name) ? Math.max(one, other) : one + other;
  }
  if (isList(one)) {
    // Lists of the plan, such as the sockets; others hold what only this process has.
    if (!isList(other) || other.length !== one.length) return one;
    return one.map((item, index) => added(item, other[index]));
  }
  if (!isRecord(one) || !isRecord(other)) return one;
  const sum: Record<string, Dump> = { ...other };
  for (const [key, value] of Object.entries(one)) sum[key] = added(value, other[key], key);
  return sum;
}

function isList(value: Dump): value is readonly Dump[] {
  return Array.isArray(value);
}

function isRecord(value: Dump): value is { readonly [key: string]: Dump } {
  return typeof value === 'object' && value !== null && !isList(value);
}
