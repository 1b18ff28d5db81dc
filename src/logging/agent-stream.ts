import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { messageOf, type Clock } from '#base';
import type { SearchCriteria } from './criteria.ts';
import type { SearchPage } from './store-calls.ts';
import type { StoreThread } from './store-thread.ts';
import type { StreamLine } from './wire.ts';

/** Milliseconds between two looks at the store while following. */
const followInterval = 250;
/** Milliseconds after which a quiet stream says that it is alive. */
const aliveInterval = 5000;
/** Milliseconds a reader may leave a full buffer unread. */
const stallTimeout = 30_000;

/** What a stream reads from, and what may end it. */
export interface StreamSource {
  readonly store: Pick<StoreThread, 'search' | 'positions'>;
  /** Brings to the store what has been heard so far. */
  readonly flush: () => Promise<void>;
  readonly clock: Clock;
  readonly ending: AbortSignal;
}

/** NDJSON at the reader's pace. */
class LineWriter {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
    // A reader that left is seen by `gone`.
    response.on('error', () => response.destroy());
    response.setTimeout(stallTimeout, () => response.destroy());
    response.writeHead(200, {
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store',
    });
    response.flushHeaders();
  }

  get gone(): boolean {
    return this.#response.destroyed;
  }

  /** Resolves when the reader has room for more, or is gone. */
  async write(lines: readonly StreamLine[]): Promise<void> {
    if (lines.length === 0 || this.gone) return;
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    if (this.#response.write(text)) return;
    const leaving = new AbortController();
    const { signal } = leaving;
    try {
      await Promise.race([
        once(this.#response, 'drain', { signal }),
        once(this.#response, 'close', { signal }),
      ]);
    } finally {
      leaving.abort();
    }
  }

  end(): void {
    this.#response.end();
  }
}

function toLines(page: SearchPage): StreamLine[] {
  return page.records.map((record) => ({ record }));
}

/** Everything the store has, oldest first, then one line that says the search is complete. */
export async function streamSearch(
  source: StreamSource,
  criteria: SearchCriteria,
  response: ServerResponse,
): Promise<void> {
  await source.flush();
  const writer = new LineWriter(response);
  let records = 0;
  let last: SearchPage | undefined;
  let toldAt = source.clock.now();
  try {
    for await (const page of source.store.search(criteria)) {
      const lines = toLines(page);
      const now = source.clock.now();
      if (lines.length === 0 && now - toldAt >= aliveInterval) lines.push({ alive: now });
      if (lines.length > 0) toldAt = now;
      await writer.write(lines);
      if (writer.gone) return;
      records += page.records.length;
      last = page;
    }
    const { truncated = false, damaged = [] } = last ?? {};
    await writer.write([{ end: { records, truncated, damaged: [...damaged] } }]);
  } catch (error) {
    await writer.write([{ error: messageOf(error) }]);
  }
  writer.end();
}

/** What is recorded from now on, until the reader leaves or the agent ends. */
export async function streamFollow(
  source: StreamSource,
  criteria: SearchCriteria,
  response: ServerResponse,
): Promise<void> {
  await source.flush();
  const writer = new LineWriter(response);
  let positions = await source.store.positions();
  let toldAt = source.clock.now();
  try {
    while (!writer.gone && !source.ending.aborted) {
      // What matches nothing is not read again: the ends are noted before the search.
      const ends = await source.store.positions();
      let read = positions;
      let truncated = false;
      for await (const page of source.store.search(criteria, positions)) {
        await writer.write(toLines(page));
        if (page.records.length > 0) toldAt = source.clock.now();
        ({ positions: read, truncated } = page);
        if (writer.gone) return;
      }
      positions = truncated ? read : furthest(read, ends);
      if (source.clock.now() - toldAt >= aliveInterval) {
        toldAt = source.clock.now();
        await writer.write([{ alive: toldAt }]);
      }
      await pause(source, followInterval);
    }
  } catch (error) {
    await writer.write([{ error: messageOf(error) }]);
  }
  writer.end();
}

function furthest(
  read: Readonly<Record<string, number>>,
  ends: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(ends).map(([name, end]) => [name, Math.max(end, read[name] ?? 0)]),
  );
}

async function pause(source: StreamSource, milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const over = (): void => resolve();
  const cancel = source.clock.after(milliseconds, over);
  source.ending.addEventListener('abort', over);
  await promise;
  source.ending.removeEventListener('abort', over);
  cancel();
}
