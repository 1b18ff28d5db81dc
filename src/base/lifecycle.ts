/** What `dump()` returns: plain data, fit for JSON. */
export type Dump =
  | { readonly [key: string]: Dump }
  | readonly Dump[]
  | string
  | number
  | boolean
  | null;

/** Every long-lived object: started once, drained on request, closed any number of times. */
export interface Lifecycle {
  /** Resolves when the object does its work; rejects, having released everything, when it cannot. */
  start(): Promise<void>;
  /** Takes no new work and resolves when the old is done or after `deadline` milliseconds. */
  drain(deadline: number): Promise<void>;
  /** Ends everything at once; idempotent; cascades to what the object owns. */
  close(): Promise<void>;
  /** The present state, for the status page and for `usher pool status`. */
  dump(): Dump;
}

/**
 * Starts parts in order; when one fails, closes those already started, last first, and rethrows.
 */
export async function startAll(parts: readonly Lifecycle[]): Promise<void> {
  const started: Lifecycle[] = [];
  try {
    for (const part of parts) {
      started.push(part);
      // Order matters: a later part may depend on an earlier one.
      await part.start();
    }
  } catch (error) {
    await closeAll(started);
    throw error;
  }
}

/** Closes parts, last first; every part is closed even when one fails; the first failure is thrown. */
export async function closeAll(parts: readonly Lifecycle[]): Promise<void> {
  const failures: unknown[] = [];
  for (const part of parts.toReversed()) {
    try {
      await part.close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
