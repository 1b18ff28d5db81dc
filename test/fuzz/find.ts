import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { compare, parse } from './input.ts';

/** What an input did that none may do. */
export interface Find {
  readonly kind: 'crash' | 'difference' | 'hang' | 'slow';
  /** First line of what was thrown, or the time it took. */
  readonly what: string;
  /** Number of the input: with the seed enough to have it again. */
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** Milliseconds of CPU the parser may take for one input; ordinary ones take a thousandth of it. */
const budget = 100;

/** What is wrong with an input, if anything is. The oracle, being slow, is asked only when `compared`. */
export function judge(
  chunks: readonly Buffer[],
  compared: boolean,
): Pick<Find, 'kind' | 'what'> | undefined {
  const start = performance.now();
  try {
    parse(chunks);
  } catch (error) {
    return { kind: 'crash', what: firstLine(error) };
  }
  if (performance.now() - start > budget) {
    const spent = leastCpu(chunks);
    if (spent > budget) return { kind: 'slow', what: `${Math.round(spent)} ms of CPU` };
  }
  if (!compared) return undefined;
  try {
    compare(chunks);
  } catch (error) {
    return { kind: 'difference', what: firstLine(error) };
  }
  return undefined;
}

/** The shortest of three times: what other programs did to this machine is not the parser's fault. */
function leastCpu(chunks: readonly Buffer[]): number {
  const times = [1, 2, 3].map(() => {
    const before = process.threadCpuUsage();
    parse(chunks);
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, 200).split('\n')[0] ?? '';
}

/** The bytes with everything cut away that the same kind of find does not need. */
export function shrink(bytes: Buffer, kind: Find['kind']): Buffer {
  const shows = (text: Buffer): boolean => judge([text], true)?.kind === kind;
  let best = bytes;
  // What shows only when cut into pieces is kept as it is: the replay cuts at every byte.
  if (!shows(best)) return best;
  for (let size = best.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < best.length;) {
      const shorter = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if (shows(shorter)) best = shorter;
      else at += size;
    }
  }
  return best;
}

/** Keeps the bytes of a find for `npm test`, which replays them for ever; returns the file's name. */
export function keep(folder: string, find: Find): string {
  const hash = createHash('sha256').update(find.bytes).digest('hex').slice(0, 12);
  const name = `${find.kind}-${hash}.dat`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${name}`, find.bytes);
  return name;
}
