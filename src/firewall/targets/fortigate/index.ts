import type { Target } from '../model.ts';
import { limits } from './limits.ts';
import { read } from './read.ts';
import { render } from './render.ts';

/** Fortinet FortiGate, FortiOS 7.0 or later: one table of policies for both families. */
export const fortigate: Target = { name: 'fortigate', only: 'firewalls', limits, render, read };
