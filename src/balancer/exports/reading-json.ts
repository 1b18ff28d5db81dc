import { z } from 'zod';
import { unreadable } from './reading.ts';

/** Reads JSON of a shape; what else stands in it is left alone. */
export function readJson<Shape extends z.ZodType>(shape: Shape, text: string): z.infer<Shape> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unreadable('it is no JSON');
  }
  const found = shape.safeParse(value);
  if (!found.success) throw unreadable(z.prettifyError(found.error));
  return found.data;
}
