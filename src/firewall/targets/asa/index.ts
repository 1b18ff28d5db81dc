import type { Target } from '../model.ts';
import { limits } from './limits.ts';
import { read } from './read.ts';
import { render } from './render.ts';

/** Cisco ASA 9.0 or later: one access list for both families, in force on all interfaces. */
export const asa: Target = { name: 'asa', only: 'firewalls', limits, render, read };
