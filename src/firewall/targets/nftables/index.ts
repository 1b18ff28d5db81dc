import type { Target } from '../model.ts';
import { read } from './read.ts';
import { commentLength, render } from './render.ts';

/** Linux nftables: a file for `nft -f`, and what `nft list ruleset` prints. */
export const nftables: Target = {
  name: 'nftables',
  limits: { commentBytes: commentLength },
  render,
  read,
};
