import type { ProbeResult } from '#proof';
import { openerOf } from './observer.ts';

/**
 * The verdict of a probe once both ends have been asked. Pure.
 *
 * | the sender saw | the receiver saw its SYN | that is                                             |
 * | -------------- | ------------------------ | --------------------------------------------------- |
 * | an answer      | yes                      | what the sender says                                |
 * | an answer      | no                       | `elsewhere`: somebody else answered                 |
 * | a refusal      | yes                      | `noListener`                                        |
 * | a refusal      | no                       | `rejected` on the way                               |
 * | nothing        | yes                      | `dropped` by the receiver's filter, or on the way back |
 * | nothing        | no                       | `dropped` on the way                                |
 *
 * @param sources addresses the probe may have come from
 * @param opened what the observer of the goal has seen opened; undefined when nobody of the lab has its address
 */
export function seenFromBothEnds(
  probe: ProbeResult,
  sources: readonly string[],
  opened: ReadonlySet<string> | undefined,
): ProbeResult {
  const { verdict, goal, connection, evidence } = probe;
  if (opened === undefined) return probe;
  const { address, port } = goal;
  if (connection !== undefined) {
    const { source, sourcePort } = connection;
    if (opened.has(openerOf(source, sourcePort, address, port))) return probe;
    const why = `${evidence}, but ${address} saw no connection from ${source} port ${sourcePort}`;
    return { ...probe, verdict: 'elsewhere', evidence: why };
  }
  const arrived = [...opened].some(
    (key) =>
      key.endsWith(` ${port}`) && sources.some((each) => key.startsWith(`${each} ${address} `)),
  );
  switch (verdict) {
    case 'noListener':
      return arrived
        ? { ...probe, evidence: `${evidence} (the packet arrived at ${address})` }
        : {
            ...probe,
            verdict: 'rejected',
            evidence: `refused on the way: no packet arrived at ${address}`,
          };
    case 'dropped':
      return {
        ...probe,
        evidence: arrived
          ? `${evidence}; the packet arrived at ${address}: its filter or the way back drops`
          : `${evidence}; no packet arrived at ${address}: dropped on the way`,
      };
    default:
      return probe;
  }
}
