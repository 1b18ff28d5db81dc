export * from './address.ts';
export { topologyJsonSchema } from './file.ts';
export * from './lookup.ts';
export * from './model.ts';
export * from './parse.ts';
