import type { Target } from '../model.ts';
import { limits } from './limits.ts';
import { read } from './read.ts';
import { render } from './render.ts';

/** Juniper SRX: set commands for global security policies. */
export const srx: Target = { name: 'srx', only: 'firewalls', limits, render, read };
