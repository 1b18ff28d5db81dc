import type { z } from 'zod';
import type { Fault } from '#base';
import type { Source } from './source.ts';

/** Says in our words what the schema objects to. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], source: Source): Fault[] {
  return issues.map((issue) => ({
    file: source.file,
    ...source.locate(issue.path.filter((key) => typeof key !== 'symbol')),
    path: issue.path.join('.'),
    code: issue.code,
    found: 'something else',
    allowed: issue.message,
    remedy: 'Correct it.',
  }));
}
