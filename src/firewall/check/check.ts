/*
 * Verifies the certificate of an audit without any of the code that made it: that its regions are all
 * packets, each once (partition.ts), and that in every region the rules it names decide (device.ts). What is
 * left to trust are these three files, the reader of the rules and the policy.
 */
import { connectionStates } from '../model/index.ts';
import type { Direction, RuleSet } from '../model/index.ts';
import type { Box, Certificate, Decider } from '../audit/certificate.ts';
import { Cut, decisionsOf } from './device.ts';
import type { Decision } from './device.ts';
import { isPartition } from './partition.ts';

/** Why a certificate proves nothing. */
export type Why = 'directions' | 'noPartition' | 'asked' | 'strict' | 'generous';

/** What a certificate proves, in regions; or where it is wrong. Regions count from 0 in their direction. */
export type Checked =
  | {
      readonly holds: true;
      readonly regions: number;
      readonly missing: number;
      readonly excess: number;
    }
  | {
      readonly holds: false;
      readonly why: Why;
      readonly direction?: Direction;
      readonly region?: number;
    };

/** The first decision that is certain, or has this outcome, which a reading takes for granted. */
const firstOf = (
  decisions: readonly Decision[],
  outcome: 'accept' | 'denial',
): Decision | undefined =>
  decisions.find(({ sure, verdict }) => sure || (verdict === 'accept') === (outcome === 'accept'));

/** True when a certificate names this decision. */
function names(
  claimed: Decider | undefined,
  { chains }: RuleSet,
  decision: Decision | undefined,
): boolean {
  if (claimed === undefined || decision === undefined) return claimed === decision;
  const rule = chains[claimed.chain ?? -1]?.rules[claimed.rule ?? -1];
  return claimed.verdict === decision.verdict && rule === decision.rule;
}

/** Verifies a certificate against the two rule sets it is about. Pure; takes regions × rules steps. */
export function check(certificate: Certificate, asked: RuleSet, inForce: RuleSet): Checked {
  const spoken = new Set(asked.chains.flatMap(({ direction }) => direction ?? []));
  const certified = certificate.directions.map(({ direction }) => direction);
  const differ = spoken.symmetricDifference(new Set(certified)).size > 0;
  if (differ || spoken.size < certified.length) return { holds: false, why: 'directions' };
  let [count, missing, excess] = [0, 0, 0];
  for (const { direction, regions, ...lists } of certificate.directions) {
    if (!isPartition(regions.map(({ box }) => box)))
      return { holds: false, why: 'noPartition', direction };
    for (const [region, { box, ...places }] of regions.entries()) {
      const claims: Claims = {
        asked: lists.asked[places.asked],
        strict: lists.inForce[places.strict],
        generous: lists.inForce[places.generous],
      };
      const why = refutation(box, claims, direction, asked, inForce);
      if (why !== undefined) return { holds: false, why, direction, region };
      count += 1;
      const wish = claims.asked?.verdict === 'accept';
      const { strict, generous } = claims;
      if (wish && strict?.verdict !== 'accept') missing += 1;
      const admitted = generous === undefined || generous.verdict === 'accept';
      if (!wish && admitted && opens(box)) excess += 1;
    }
  }
  return { holds: true, regions: count, missing, excess };
}

/** What a certificate says of one region. */
interface Claims {
  readonly asked: Decider | undefined;
  readonly strict: Decider | undefined;
  readonly generous: Decider | undefined;
}

/** Which claim is wrong for some packets of a box; one that rules cut in two is looked at in parts. */
function refutation(
  box: Box,
  claims: Claims,
  direction: Direction,
  asked: RuleSet,
  inForce: RuleSet,
): Why | undefined {
  try {
    const wanted = decisionsOf(asked, direction, box);
    if (!names(claims.asked, asked, firstOf(wanted, 'denial'))) return 'asked';
    const real = decisionsOf(inForce, direction, box);
    if (!names(claims.strict, inForce, firstOf(real, 'denial'))) return 'strict';
    return names(claims.generous, inForce, firstOf(real, 'accept')) ? undefined : 'generous';
  } catch (error) {
    if (!(error instanceof Cut)) throw error;
    const below = { ...box, high: box.high.with(error.field, error.at) };
    const above = { ...box, low: box.low.with(error.field, error.at) };
    return (
      refutation(below, claims, direction, asked, inForce) ??
      refutation(above, claims, direction, asked, inForce)
    );
  }
}

/** False where all packets follow a connection that was admitted before. */
const opens = ({ low, high }: Box): boolean =>
  connectionStates
    .slice(Number(low[5]), Number(high[5]))
    .some((state) => state !== 'established' && state !== 'related');
