import type { Target } from '../model.ts';
import { limits } from './limits.ts';
import { read } from './read.ts';
import { render } from './render.ts';

/** pf of OpenBSD, FreeBSD and macOS: a pf.conf, for hosts and firewalls between zones. */
export const pf: Target = { name: 'pf', limits, render, read };
