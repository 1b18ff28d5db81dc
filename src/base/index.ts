export * from './channel.ts';
export * from './clock.ts';
export * from './errors.ts';
export * from './fault.ts';
export * from './language.ts';
export * from './lifecycle.ts';
export * from './settled.ts';
export * from './source.ts';
