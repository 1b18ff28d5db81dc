import type { Fault } from '#base';

/** Faults in the order in which they stand in the file. */
export function inFileOrder(faults: readonly Fault[]): readonly Fault[] {
  return faults.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
