import { LineCounter, isMap, isScalar, isSeq, parseDocument, type Node } from 'yaml';
import type { Entry, Obstacle, Placed, Reading } from './entry.ts';

/**
 * Reads YAML, and JSON as the part of YAML it is: a list of users, or a mapping whose `users` is one.
 * Values are taken as written, so that the password 0123 stays 0123.
 */
export function readYaml(text: string): Reading {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true });
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const at = (node: Node | null | undefined): { line: number; column: number } =>
    place(node?.range?.[0] ?? 0);
  const obstacles: Obstacle[] = document.errors.map((error) => ({
    ...place(error.pos[0]),
    path: '',
    code: 'syntax',
    // The message quotes lines of the file, which hold passwords; the code says enough.
    found: error.code.toLowerCase().replaceAll('_', ' '),
    allowed: 'well-formed YAML or JSON',
  }));
  if (obstacles.length > 0) return { entries: [], obstacles };
  const whole = document.contents;
  const inner = isMap(whole) ? whole.get('users', true) : whole;
  if (!isSeq(inner)) {
    obstacles.push({
      ...at(whole),
      path: '',
      code: 'no-list',
      found: 'no list of users',
      allowed: 'a list, or a mapping with a list under "users"',
    });
    return { entries: [], obstacles };
  }
  const entries: Entry[] = [];
  for (const [index, item] of inner.items.entries()) {
    if (!isMap(item)) {
      const node = isScalar(item) || isSeq(item) ? item : undefined;
      obstacles.push({
        ...at(node),
        path: String(index),
        code: 'no-user',
        found: 'an entry that is no mapping',
        allowed: 'aor, displayName, homePool, …',
      });
      continue;
    }
    const fields = new Map<string, Placed>();
    for (const { key, value } of item.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (isScalar(value)) {
        if (value.value === null) continue;
        // Whatever was not text to YAML is taken by its spelling.
        const written = typeof value.value === 'string' ? value.value : (value.source ?? '');
        fields.set(name, { text: written, ...at(value) });
      } else {
        obstacles.push({
          ...at(isScalar(key) ? key : item),
          path: `${index}.${name}`,
          code: 'no-value',
          found: 'something other than one value',
          allowed: 'one value',
        });
      }
    }
    entries.push({ ...at(item), path: String(index), fields });
  }
  return { entries, obstacles };
}
