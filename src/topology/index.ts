export * from './address.ts';
export { inFileOrder } from './file-order.ts';
export * from './lookup.ts';
export * from './model.ts';
export { parseTopology, starterTopology, topologyJsonSchema } from './on-demand.ts';
export type { ParsedTopology } from './parse.ts';
export { starterDefaults } from './starter-facts.ts';
export type { StarterFacts } from './starter-facts.ts';
