import type { Target } from '../model.ts';
import { read } from './read.ts';
import { commentLength, multiportSlots, render } from './render.ts';

/** Linux iptables and ip6tables: a file each for `iptables-restore`, and what `iptables-save` prints. */
export const iptables: Target = {
  name: 'iptables',
  limits: { commentBytes: commentLength, multiportSlots },
  render,
  read,
};
