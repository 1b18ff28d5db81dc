/** Milliseconds a process has to last for its earlier falls to be forgotten. */
const steady = 60_000;

/**
 * How often a process has fallen of late, this time included.
 *
 * @param before falls counted so far
 * @param lasted milliseconds from its last start to this fall
 */
export function countFall(before: number, lasted: number): number {
  return lasted >= steady ? 1 : before + 1;
}

/** Milliseconds to wait before a process is put back up: none the first time, then up to 30 s. */
export function restartDelay(falls: number): number {
  return falls <= 1 ? 0 : Math.min(30_000, 250 * 2 ** (falls - 1));
}
