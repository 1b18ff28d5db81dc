import { createRequire } from 'node:module';
import type * as Exports from './exports/index.ts';

const require = createRequire(import.meta.url);

/**
 * What writes configurations of other load balancers, with the libraries for their formats: loaded for who
 * asks, since the process of a balancer starts sooner without.
 */
export const balancerExports = (): typeof Exports => require('./exports/index.ts');
