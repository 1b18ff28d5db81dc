import type { z } from 'zod';
import type { Fault } from '#base';
import { firstOf, formatNetwork, parseNetwork } from './address.ts';
import { codesOfAllowed } from './file.ts';
import { schemaAt } from './json-schema.ts';
import type { Path, Source } from './source.ts';
import { describeValue, didYouMean } from './words.ts';

type Issue = z.core.$ZodIssue;

/** The names that lead to what the schema objects to. */
export function pathOf(issue: Issue): Path {
  return issue.path.filter((key) => typeof key !== 'symbol');
}

/** The value at a path of plain data; undefined when there is none. */
export function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

const keysAt = (path: Path): string[] => Object.keys(schemaAt(path)?.properties ?? {});

/** What may stand at a place: the listed values, the known keys, or the words of the check. */
function allowedBy(issue: Issue, path: Path): string {
  if (issue.code === 'invalid_value') return issue.values.map(String).join(', ');
  const keys = keysAt(path);
  return keys.length > 0 ? `a section with the keys ${keys.join(', ')}` : issue.message;
}

function unknownKeys(issue: z.core.$ZodIssueUnrecognizedKeys, source: Source): Fault[] {
  const path = pathOf(issue);
  const known = keysAt(path);
  return issue.keys.map((key) => ({
    file: source.file,
    ...source.locateKey([...path, key]),
    path: [...path, key].join('.'),
    code: 'unknown-key',
    found: `the key ${describeValue(key)}`,
    allowed: known.join(', '),
    remedy: `${didYouMean(key, known)}Rename or remove it.`,
  }));
}

function missing(issue: Issue, source: Source): Fault {
  const path = pathOf(issue);
  const key = path.at(-1);
  const purpose = schemaAt(path)?.description ?? '';
  return {
    file: source.file,
    ...source.locate(path),
    path: path.join('.'),
    code: key === 'sipDomains' ? 'no-sip-domain' : 'missing',
    found: 'nothing',
    allowed: allowedBy(issue, path),
    remedy: `Add ${key === undefined ? 'the topology' : `"${key}:"`}. ${purpose}`.trim(),
  };
}

/** Direct server return is a value of its own right elsewhere, so its refusal gives the reason. */
function directServerReturn(path: Path, source: Source): Fault {
  return {
    file: source.file,
    ...source.locate(path),
    path: path.join('.'),
    code: 'direct-server-return',
    found: 'direct server return',
    allowed: 'source, destination',
    remedy:
      'Use "source". The reference does not support direct server return: answers that pass the balancer by escape its idle timer and its view of health, and a member cannot reach the VIP of its own pool.',
  };
}

const meansDirectReturn = (value: unknown): boolean =>
  typeof value === 'string' && /^(?:dsr|direct[-_ ]?(?:server[-_ ]?)?return)$/iu.test(value);

function remedyFor(issue: Issue, path: Path, value: unknown): string {
  if (issue.code === 'invalid_value') {
    return `${didYouMean(value, issue.values.map(String))}Choose one of the allowed values.`;
  }
  const network = typeof value === 'string' ? parseNetwork(value) : undefined;
  if (network !== undefined && codesOfAllowed.get(issue.message) === 'bad-network') {
    return `Write ${formatNetwork(firstOf(network))}.`;
  }
  const purpose = schemaAt(path)?.description;
  return purpose === undefined ? 'Write what is allowed.' : `It is for: ${purpose}`;
}

function wrongValue(issue: Issue, path: Path, value: unknown, source: Source): Fault {
  const place = {
    file: source.file,
    ...source.locate(path),
    path: path.join('.'),
    found: describeValue(value),
  };
  return {
    ...place,
    code:
      path.join('.') === 'sipDomains'
        ? 'no-sip-domain'
        : (codesOfAllowed.get(issue.message) ?? 'bad-value'),
    allowed: allowedBy(issue, path),
    remedy: remedyFor(issue, path, value),
  };
}

/** Says in our words what the schema objects to; every unknown key is a fault of its own. */
export function describeIssues(issues: readonly Issue[], source: Source): Fault[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return unknownKeys(issue, source);
    const path = pathOf(issue);
    const value = valueAt(source.data, path);
    if (value === undefined || value === null) return missing(issue, source);
    if (path.at(-1) === 'nat' && meansDirectReturn(value)) return directServerReturn(path, source);
    return wrongValue(issue, path, value, source);
  });
}
