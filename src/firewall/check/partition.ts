import { addressEnd, connectionStates } from '../model/index.ts';
import type { Box } from '../audit/certificate.ts';

/** Every packet of a family. */
const whole = (family: 4 | 6): Box => ({
  family,
  low: [0n, 0, 0n, 0, 0, 0, '', ''],
  high: [
    addressEnd(family),
    65_536,
    addressEnd(family),
    256,
    65_536,
    connectionStates.length,
    '\uFFFF',
    '\uFFFF',
  ],
});

const isSame = (a: Box, b: Box): boolean =>
  a.family === b.family &&
  a.low.every((low, field) => low === b.low[field] && a.high[field] === b.high[field]);

/** Two boxes as one, when they differ in one field and touch there. */
function joined(a: Box, b: Box): Box | undefined {
  const [field = -1, ...more] = [...a.low.keys()].filter(
    (each) => a.low[each] !== b.low[each] || a.high[each] !== b.high[each],
  );
  if (a.family !== b.family || more.length > 0 || a.high[field] !== b.low[field]) return undefined;
  return { ...a, high: a.high.with(field, b.high[field] ?? 0) };
}

/**
 * True when the boxes are all packets, each once. They come in the order of the cuts that made them, so
 * neighbours join to what was cut, and in the end to the two families: joining neither adds nor loses a packet.
 */
export function isPartition(boxes: readonly Box[]): boolean {
  const pile: Box[] = [];
  for (const box of boxes) {
    if (box.low.some((low, field) => low >= (box.high[field] ?? 0))) return false;
    let top = box;
    for (let below = pile.at(-1); below !== undefined; below = pile.at(-1)) {
      const both = joined(below, top);
      if (both === undefined) break;
      pile.pop();
      top = both;
    }
    pile.push(top);
  }
  const [four, six, ...more] = pile;
  return (
    four !== undefined &&
    six !== undefined &&
    more.length === 0 &&
    isSame(four, whole(4)) &&
    isSame(six, whole(6))
  );
}
