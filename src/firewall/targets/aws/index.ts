import type { Target } from '../model.ts';
import { connectionsOf } from '../stateful.ts';
import { limits } from './limits.ts';
import { read } from './read.ts';
import { render } from './render.ts';

/** AWS security groups as Terraform: groups for each address of a host. */
export const aws: Target = {
  name: 'aws',
  only: 'hosts',
  becomes: connectionsOf,
  limits,
  render,
  read,
};
