import { createRequire } from 'node:module';
import type * as Describing from './json-schema.ts';
import type * as Reading from './parse.ts';
import type * as Starting from './starter.ts';

// What reads and describes files is most of the code of this domain and all of its libraries. The process of
// a host is handed a topology that was read, so it is loaded with the first file.
const require = createRequire(import.meta.url);
const reading = (): typeof Reading => require('./parse.ts');
const describing = (): typeof Describing => require('./json-schema.ts');
const starting = (): typeof Starting => require('./starter.ts');

/** See `parse.ts`. */
export const parseTopology = (text: string, file: string): Reading.ParsedTopology =>
  reading().parseTopology(text, file);

/** See `json-schema.ts`. */
export const topologyJsonSchema: typeof Describing.topologyJsonSchema = () =>
  describing().topologyJsonSchema();

/** See `starter.ts`. */
export const starterTopology: typeof Starting.starterTopology = (facts, language) =>
  starting().starterTopology(facts, language);
