import { z } from 'zod';
import { unreadable } from '../model.ts';
import type { RuleFile, RuleSet } from '../model.ts';
import { groupsIn } from './groups.ts';
import type { Resource } from './groups.ts';

const templateSchema = z.object({
  resources: z.array(z.looseObject({ type: z.string() })).max(10_000),
});

/** Reads the groups of ARM templates; other resources in them are not looked at. */
export function read(files: readonly RuleFile[]): readonly RuleSet[] {
  return files.flatMap((file) => {
    const position = { file: file.name, line: 1 };
    const template = templateSchema.safeParse(parse(file));
    if (!template.success) {
      const [issue] = template.error.issues;
      throw unreadable(position, issue?.path.join('.') ?? '', issue?.message ?? 'a template');
    }
    const resources = template.data.resources.map((value): Resource => ({
      type: value.type,
      value: unescaped(value),
      position,
    }));
    return groupsIn(resources, (name) => lineOf(name, file));
  });
}

function parse({ name, content }: RuleFile): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    const met = error instanceof Error ? error.message : 'no JSON';
    throw unreadable({ file: name, line: 1 }, met, 'an ARM template in JSON');
  }
}

/** Values of a group in one another; other resources may have more. */
const deepest = 16;

/** Two brackets at the start are one that begins no expression. */
function unescaped(value: unknown, depth = 0): unknown {
  if (depth > deepest) return value;
  if (typeof value === 'string') return value.replace(/^\[(\[.*\])$/su, '$1');
  if (Array.isArray(value)) return value.map((each) => unescaped(each, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, unescaped(each, depth + 1)]),
  );
}

/** The line of the first mention of a name. */
function lineOf(name: string, { content }: RuleFile): number | undefined {
  const at = content.indexOf(JSON.stringify(name));
  return at < 0 ? undefined : content.slice(0, at).split('\n').length;
}
