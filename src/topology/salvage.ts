import { topologyFile } from './file.ts';
import type { RawTopologyFile, TopologyFile } from './file.ts';
import { pathOf, valueAt } from './schema-faults.ts';
import type { Path } from './source.ts';

type Partially<T> = T extends readonly (infer Element)[]
  ? readonly (Partially<Element> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Partially<T[Key]> | undefined }
    : T;

/** The file without what the schema objected to; lists keep their positions. */
export type Draft = Partially<RawTopologyFile>;

type Issues = NonNullable<ReturnType<typeof topologyFile.safeParse>['error']>['issues'];

/** Takes a value out, leaving its place: neighbours keep their paths, and it counts as written. */
function blank(data: unknown, path: Path): void {
  const parent = valueAt(data, path.slice(0, -1));
  const key = path.at(-1);
  if (typeof parent === 'object' && parent !== null && key !== undefined) {
    Reflect.set(parent, key, undefined);
  }
}

function removeKeys(data: unknown, path: Path, keys: readonly string[]): void {
  const parent = valueAt(data, path);
  if (typeof parent !== 'object' || parent === null) return;
  for (const key of keys) Reflect.deleteProperty(parent, key);
}

/** A copy of the data without the values the issues are about. */
function without(data: unknown, issues: Issues): unknown {
  const copy: unknown = structuredClone(data);
  for (const issue of issues) {
    const path = pathOf(issue);
    if (issue.code === 'unrecognized_keys') removeKeys(copy, path, issue.keys);
    // What is missing already is missing in something: that goes.
    else blank(copy, valueAt(data, path) === undefined ? path.slice(0, -1) : path);
  }
  return copy;
}

function closeGaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== undefined).map(closeGaps);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, closeGaps(item)]));
}

// What is left after the faulty values are gone satisfies the schema wherever there is a value.
function isDraft(data: unknown): data is Draft {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

/** What may be checked of a file the schema rejects: every value it had nothing against. */
export function draftOf(data: unknown, issues: Issues): Draft {
  const present = issues.filter(
    (issue) => issue.code === 'unrecognized_keys' || valueAt(data, pathOf(issue)) !== undefined,
  );
  const rest = without(data, present);
  return isDraft(rest) ? rest : {};
}

/** Each round removes one layer around a fault; a file has no more layers than this. */
const rounds = 8;

/**
 * The largest part of a rejected file that is a topology by itself: faulty values go, and with them
 * the servers and pools that cannot be without. Undefined when nothing is left.
 */
export function largestPart(data: unknown): TopologyFile | undefined {
  let rest = data;
  for (let round = 0; round < rounds; round += 1) {
    const result = topologyFile.safeParse(rest);
    if (result.success) return result.data;
    rest = closeGaps(without(rest, result.error.issues));
  }
  return undefined;
}
