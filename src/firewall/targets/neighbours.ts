import { connectionStates } from './model.ts';
import type { ConnectionState, Interval } from './model.ts';

/** Types of ICMPv6 that belong to no connection: multicast listeners, routers and neighbours. */
const ofTheLink = [
  { from: 130 * 256, until: 137 * 256 },
  { from: 143 * 256, until: 144 * 256 },
];

/** In which states packets of a type of ICMPv6 are met: those of the link open no connection. */
export function statesOfType({ from, until }: Interval<number>): readonly ConnectionState[] {
  const link = ofTheLink.some((each) => each.from <= from && until <= each.until);
  return link ? ['untracked'] : ['new'];
}

export const untracked = connectionStates.filter((state) => state === 'untracked');
