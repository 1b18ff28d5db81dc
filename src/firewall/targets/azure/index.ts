import type { Target } from '../model.ts';
import { connectionsOf } from '../stateful.ts';
import { limits } from './limits.ts';
import { read } from './read.ts';
import { render } from './render.ts';

/** Azure network security groups: an ARM template a host, for its network interfaces. */
export const azure: Target = {
  name: 'azure',
  only: 'hosts',
  becomes: connectionsOf,
  limits,
  render,
  read,
};
