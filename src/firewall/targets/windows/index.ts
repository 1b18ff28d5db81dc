import type { Target } from '../model.ts';
import { limits } from './limits.ts';
import { read } from './read.ts';
import { render } from './render.ts';

/** Windows Defender Firewall: a PowerShell script for each host. */
export const windows: Target = { name: 'windows', only: 'hosts', limits, render, read };
