import { LineCounter, isAlias, isCollection, isMap, isNode, isScalar, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import type { Fault } from '#base';

/** Names and list positions from the root of the document to a value. */
export type Path = readonly (string | number)[];

/** A place in the file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A parsed YAML file that still knows where everything stood. */
export interface Source {
  readonly file: string;
  /** The plain data; undefined when `faults` is not empty. */
  readonly data: unknown;
  /** What is wrong with the YAML itself. */
  readonly faults: readonly Fault[];
  /** Where the value stands; for a missing one, where the nearest section around it starts. */
  readonly locate: (path: Path) => Position;
  /** Where the key stands that leads to the value. */
  readonly locateKey: (path: Path) => Position;
}

/** Aliases may be resolved this often; a file that needs more is an attack on memory. */
const maxAliases = 100;

function stepInto(
  document: Document,
  node: Node | undefined,
  key: string | number,
): Node | undefined {
  const target = isAlias(node) ? node.resolve(document) : node;
  if (!isCollection(target)) return undefined;
  const child: unknown = target.get(key, true);
  return isNode(child) ? child : undefined;
}

function yamlFault(file: string, position: Position, message: string): Fault {
  return {
    file,
    ...position,
    path: '',
    code: 'yaml-syntax',
    found: message,
    allowed: 'YAML 1.2',
    remedy: 'Correct the YAML; indentation by spaces decides what belongs to what.',
  };
}

/** Where the library's words speak to programmers, ours. */
const plainWords: ReadonlyMap<string, string> = new Map([
  ['MULTIPLE_DOCS', 'a second document after "---"'],
  ['DUPLICATE_KEY', 'a key that stands here twice'],
]);

/** Reads YAML, keeping positions; never throws. */
export function readSource(text: string, file: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const root = isNode(document.contents) ? document.contents : undefined;

  const locate = (path: Path): Position => {
    let node: Node | undefined = root;
    let found: Node | undefined = root;
    for (const key of path) {
      node = stepInto(document, node, key);
      if (node === undefined) break;
      found = node;
    }
    return at(found?.range?.[0] ?? 0);
  };
  const locateKey = (path: Path): Position => {
    let parent: Node | undefined = root;
    for (const key of path.slice(0, -1)) parent = stepInto(document, parent, key);
    const last = path.at(-1);
    const target = isAlias(parent) ? parent.resolve(document) : parent;
    const pair = isMap(target)
      ? target.items.find((item) => isScalar(item.key) && item.key.value === last)
      : undefined;
    return isScalar(pair?.key) && pair.key.range ? at(pair.key.range[0]) : locate(path);
  };

  const faults = document.errors.map((error) =>
    yamlFault(file, at(error.pos[0]), plainWords.get(error.code) ?? error.message),
  );
  if (faults.length > 0) return { file, data: undefined, faults, locate, locateKey };
  try {
    // Through JSON, so that what an alias repeats is a value of its own, and a value that contains
    // itself is refused.
    const data: unknown = JSON.parse(
      JSON.stringify(document.toJS({ maxAliasCount: maxAliases }) ?? null),
    );
    return { file, data, faults, locate, locateKey };
  } catch (error) {
    // Unresolved, excessive and circular aliases, nothing else.
    const message =
      error instanceof ReferenceError ? error.message : 'a value that contains itself';
    const fault = yamlFault(file, { line: 1, column: 1 }, message);
    return { file, data: undefined, faults: [fault], locate, locateKey };
  }
}
