export * from './address.ts';
export { topologyJsonSchema } from './json-schema.ts';
export * from './lookup.ts';
export * from './model.ts';
export * from './parse.ts';
export { starterDefaults, starterTopology } from './starter.ts';
export type { StarterFacts } from './starter.ts';
