import type { Fault } from '#base';
import { buildTopology } from './build.ts';
import { checkFamilies } from './check-families.ts';
import { checkNames } from './check-names.ts';
import { checkPolicy } from './check-policy.ts';
import { checkPools } from './check-pools.ts';
import { checkReferences } from './check-references.ts';
import { checkStandbys } from './check-standbys.ts';
import { topologyFile } from './file.ts';
import type { Report } from './inventory.ts';
import type { Topology } from './model.ts';
import { draftOf, largestPart } from './salvage.ts';
import type { Draft } from './salvage.ts';
import { inFileOrder } from './file-order.ts';
import { describeIssues } from './schema-faults.ts';
import { readSource } from './source.ts';
import type { Path, Position, Source } from './source.ts';

/** What reading a topology file came to. */
export interface ParsedTopology {
  /**
   * The deployment. With faults, the largest part that is a topology by itself, for checks that
   * need one and for nothing else; undefined when nothing is left.
   */
  readonly topology: Topology | undefined;
  /** Everything wrong, in file order; empty when the topology may be used. */
  readonly faults: readonly Fault[];
  /** Where a value stands in the file, for faults found later. */
  readonly locate: (path: Path) => Position;
}

function structuralFaults(draft: Draft, source: Source): readonly Fault[] {
  const faults: Fault[] = [];
  const report: Report = (path, code, found, allowed, remedy) =>
    faults.push({
      file: source.file,
      ...source.locate(path),
      path: path.join('.'),
      code,
      found,
      allowed,
      remedy,
    });
  checkNames(draft, report);
  checkPools(draft, report);
  checkReferences(draft, report);
  checkStandbys(draft, report);
  checkFamilies(draft, report);
  checkPolicy(draft, report);
  return faults;
}

/**
 * Reads and checks the text of a topology file; `file` is the name faults carry. Never throws: the
 * faults of the schema and of the structure come back at once; faults of the YAML itself come
 * first, since nothing after them can be trusted.
 */
export function parseTopology(text: string, file: string): ParsedTopology {
  const source = readSource(text, file);
  const { locate } = source;
  if (source.faults.length > 0) return { topology: undefined, faults: source.faults, locate };
  const result = topologyFile.safeParse(source.data);
  const issues = result.success ? [] : result.error.issues;
  const whole = result.success ? result.data : largestPart(source.data);
  return {
    topology: whole === undefined ? undefined : buildTopology(whole, file),
    faults: inFileOrder([
      ...describeIssues(issues, source),
      ...structuralFaults(draftOf(source.data, issues), source),
    ]),
    locate,
  };
}
