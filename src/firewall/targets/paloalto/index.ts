import type { Target } from '../model.ts';
import { limits } from './limits.ts';
import { read } from './read.ts';
import { render } from './render.ts';

/** Palo Alto Networks PAN-OS: set commands for the candidate configuration. */
export const paloalto: Target = { name: 'paloalto', only: 'firewalls', limits, render, read };
