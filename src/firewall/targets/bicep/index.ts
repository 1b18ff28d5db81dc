import { limits } from '../azure/limits.ts';
import type { Target } from '../model.ts';
import { connectionsOf } from '../stateful.ts';
import { read } from './read.ts';
import { render } from './render.ts';

/** Azure network security groups in Bicep: a module for each host, the same groups as in ARM. */
export const bicep: Target = {
  name: 'bicep',
  only: 'hosts',
  becomes: connectionsOf,
  limits,
  render,
  read,
};
