import type { Fault } from '#base';
import { buildTopology } from './build.ts';
import { topologyFile } from './file.ts';
import type { Topology } from './model.ts';
import { describeIssues } from './schema-faults.ts';
import { readSource } from './source.ts';
import type { Path, Position } from './source.ts';

/** What reading a topology file came to. */
export interface ParsedTopology {
  /** The deployment; with faults, what could be made of the rest; undefined when nothing could. */
  readonly topology: Topology | undefined;
  /** Everything wrong, in file order; empty when the topology may be used. */
  readonly faults: readonly Fault[];
  /** Where a value stands in the file, for faults found later. */
  locate(path: Path): Position;
}

/**
 * Reads and checks the text of a topology file; `file` is the name faults carry. Never throws: all
 * faults of the YAML, of the schema and of the structure come back at once.
 */
export function parseTopology(text: string, file: string): ParsedTopology {
  const source = readSource(text, file);
  if (source.faults.length > 0) {
    return { topology: undefined, faults: source.faults, locate: source.locate };
  }
  const result = topologyFile.safeParse(source.data);
  if (!result.success) {
    return {
      topology: undefined,
      faults: describeIssues(result.error.issues, source),
      locate: source.locate,
    };
  }
  return { topology: buildTopology(result.data), faults: [], locate: source.locate };
}
