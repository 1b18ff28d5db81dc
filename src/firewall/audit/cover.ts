import type { Match } from '../model/index.ts';
import { partition } from './partition.ts';
import { Space } from './space.ts';

/** True when some of these matches take every packet of a match. */
export function isCovered(match: Match, by: readonly Match[]): boolean {
  const space = new Space([[match], by]);
  const boxes = space.boxesOf(by);
  const { low, high, count } = space.boxesOf([match]);
  const width = space.axes.length;
  let open = false;
  const roots = Array.from({ length: count }, (_, box) => ({
    low: low.slice(box * width, (box + 1) * width),
    high: high.slice(box * width, (box + 1) * width),
  }));
  partition(roots, [boxes], {
    idle: () => open,
    leaf: (_low, _high, [decider = -1]) => {
      if (decider === -1) open = true;
    },
  });
  return !open;
}
