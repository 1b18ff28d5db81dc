import type { Chain, ConnectionState, IntervalSet, Match, Rule, RuleSet, Verdict } from '#firewall';

/** One packet of a small world. */
export interface SmallPacket {
  readonly family: 4 | 6;
  readonly source: bigint;
  readonly destination: bigint;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly state: ConnectionState;
  readonly inInterface: string;
  readonly outInterface: string;
}

const within = <N extends bigint | number | string>(set: IntervalSet<N>, value: N): boolean =>
  set.some(({ from, until }) => value >= from && value < until);

/** Whether a match takes a packet, field by field. */
export function takes(match: Match, packet: SmallPacket): boolean {
  const half = packet.family === 4 ? ('v4' as const) : ('v6' as const);
  return (
    within(match.source[half], packet.source) &&
    within(match.destination[half], packet.destination) &&
    within(match.protocol, packet.protocol) &&
    within(match.sourcePort, packet.sourcePort) &&
    within(match.destinationPort, packet.destinationPort) &&
    match.states.includes(packet.state) &&
    within(match.inInterface, packet.inInterface) &&
    within(match.outInterface, packet.outInterface)
  );
}

type Outcome = Verdict | 'undecided';

/**
 * What a device does with one packet, rule by rule: the plain meaning the audit is held against.
 *
 * @param holds whether an unknown condition holds
 */
export function verdictOf(
  ruleSet: RuleSet,
  packet: SmallPacket,
  holds: (rule: Rule) => boolean,
): Verdict {
  const walk = (chain: Chain): Outcome => {
    for (const rule of chain.rules) {
      if (!takes(rule.match, packet)) continue;
      if (rule.unknown !== undefined && !holds(rule)) continue;
      const { action } = rule;
      if (action.kind === 'return') return 'undecided';
      if (action.kind === 'jump' || action.kind === 'goto') {
        const called = ruleSet.chains.find(({ name }) => name === action.chain);
        const outcome = called === undefined ? 'undecided' : walk(called);
        if (outcome !== 'undecided' || action.kind === 'goto') return outcome;
      } else return action.kind;
    }
    return 'undecided';
  };
  for (const chain of ruleSet.chains) {
    if (chain.direction !== 'in') continue;
    const outcome = walk(chain);
    const verdict = outcome === 'undecided' ? (chain.policy ?? 'accept') : outcome;
    if (verdict !== 'accept') return verdict;
  }
  return 'accept';
}
