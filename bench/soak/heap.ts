import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What came of the objects a process keeps. */
export interface HeapVerdict {
  /** Bytes after a full collection: when everything was warm, and when all load was over. */
  readonly before: number;
  readonly after: number;
  readonly tolerance: number;
  readonly ok: boolean;
}

/**
 * Bytes that may be kept more at the end: tables that are bounded, and fill up to their bound in an hour
 * (used nonces, limits by source, compiled code). It does not depend on how long the run is.
 */
const tolerance = 8 * 2 ** 20;

/** Judges what was left after two full collections; a process nobody measured twice is no proof. */
export function judgeHeap(before: number | undefined, after: number | undefined): HeapVerdict {
  const measured = before !== undefined && after !== undefined;
  return {
    before: before ?? 0,
    after: after ?? 0,
    tolerance,
    ok: measured && after - before <= tolerance,
  };
}

const collector = new URL('collect.ts', import.meta.url);
/** Milliseconds a collection may take to be done and told of. */
const patience = 10_000;

/** Has the processes of a soak collect their garbage and say what is left. */
export class Heaps implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'usher-soak-'));
  /** Epoch milliseconds of the collections: what they hold up is the soak's doing. */
  readonly collections: number[] = [];

  /** What the processes have to be started with. */
  get environment(): Readonly<Record<string, string>> {
    return {
      NODE_OPTIONS: `--expose-gc --import=${collector.href}`,
      SOAK_FOLDER: this.#folder,
    };
  }

  /** Bytes left in a process after a full collection; undefined when it did not say. */
  async of(pid: number): Promise<number | undefined> {
    const file = join(this.#folder, String(pid));
    rmSync(file, { force: true });
    this.collections.push(Date.now());
    process.kill(pid, 'SIGUSR2');
    const deadline = performance.now() + patience;
    while (!existsSync(file)) {
      if (performance.now() > deadline) return undefined;
      await sleep(20);
    }
    this.collections.push(Date.now());
    return Number(readFileSync(file, 'latin1'));
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
