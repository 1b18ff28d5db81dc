import type { Target } from '../model.ts';
import { connectionsOf } from '../stateful.ts';
import { limits } from './limits.ts';
import { read } from './read.ts';
import { render } from './render.ts';

/** Kubernetes NetworkPolicies: one a rule, and one that refuses the rest, for each address of a host. */
export const kubernetes: Target = {
  name: 'kubernetes',
  only: 'hosts',
  becomes: connectionsOf,
  limits,
  render,
  read,
};
