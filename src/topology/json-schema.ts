import { z } from 'zod';
import { topologyFile } from './file.ts';
import type { Path } from './source.ts';

type Schema = z.core.JSONSchema.BaseSchema;

/**
 * JSON Schema (2020-12) of the topology file, for completion and checks in editors. The file
 * `schema/topology.schema.json` holds it; `usher init --schema` prints it.
 */
export function topologyJsonSchema(): Schema {
  return z.toJSONSchema(topologyFile, { io: 'input' });
}

/** Made when a fault is to be described. */
let schema: Schema | undefined;

/** One step from a part of the schema to the part for a key or a list position. */
function step(part: Schema | undefined, key: string | number): Schema | undefined {
  const next = typeof key === 'number' ? part?.items : part?.properties?.[key];
  return typeof next === 'object' && !Array.isArray(next) ? next : undefined;
}

/** The part of the schema that describes the value at this path; undefined where nothing does. */
export function schemaAt(path: Path): Schema | undefined {
  schema ??= topologyJsonSchema();
  let part: Schema | undefined = schema;
  for (const key of path) part = step(part, key);
  return part;
}
