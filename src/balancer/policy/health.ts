/**
 * The health of one member for one service, as a pure state machine: an event and the old state
 * go in, the new state comes out. It does no I/O and reads no clock, so that every engine, the
 * status page and the tests see exactly the same transitions.
 *
 *     checking ──healthy──────────────────────→ up
 *     checking ──failed───────────────────────→ down
 *     up ──failed probe or refused connection─→ down      (fall 1)
 *     down ──healthy──→ checking ──healthy────→ up        (rise 2 once it had been up)
 *     up ──drained, or asks to leave──────────→ draining  (takes nothing new, keeps what it has)
 *     any web service ──SIP service not up────→ the state of the SIP service
 */

/** `up` takes new connections; `draining` keeps the old ones; `checking` and `down` take none. */
export type HealthState = 'up' | 'down' | 'checking' | 'draining';

/**
 * Why a probe or a connection failed. `refused` proves that the member's kernel is alive (and
 * resets the connections of a dead process by itself); the others do not.
 */
export type FailureCause =
  | 'refused'
  | 'reset'
  | 'unreachable'
  | 'timeout'
  | 'tls'
  | 'identity'
  | 'protocol';

/**
 * What a probe found. `leaving`: the member answers and asks for no new connections (503).
 * `unable`: the balancer itself could not probe, which says nothing about the member.
 */
export type ProbeOutcome =
  | { readonly kind: 'healthy'; readonly reason: string }
  | { readonly kind: 'unable'; readonly reason: string }
  | { readonly kind: 'leaving'; readonly reason: string }
  | { readonly kind: 'failed'; readonly cause: FailureCause; readonly reason: string };

/** The service another one follows: the SIP service of the same member for its web services. */
export interface Guard {
  readonly state: HealthState;
  readonly reason: string;
  readonly cause: FailureCause | undefined;
  readonly confirmed: boolean;
}

/** What the machine remembers beneath the published state. */
interface Beneath {
  /** What the member's own probes and connections say, drain and guard left aside. */
  readonly verdict: 'up' | 'down' | 'checking';
  readonly reason: string;
  readonly cause: FailureCause | undefined;
  readonly confirmed: boolean;
  /** False until the first healthy probe: a member that never was up needs one, not two. */
  readonly everUp: boolean;
  /** The member itself asks for no new connections. */
  readonly leaving: boolean;
  /** Somebody asked the balancer to drain the member. */
  readonly drained: boolean;
  readonly guard: Guard | undefined;
}

/** The published health of a member for one service. Times are milliseconds since the epoch. */
export interface MemberHealth {
  readonly state: HealthState;
  /** When the present state began. */
  readonly since: number;
  /** What brought or keeps the state, in words. */
  readonly lastReason: string;
  /** When the next probe is due; undefined while one is running or none is planned. */
  readonly nextProbe: number | undefined;
  /** How many signals in a row said the same as the last one. */
  readonly consecutive: number;
  /** Why it is down; undefined in every other state. */
  readonly cause: FailureCause | undefined;
  /**
   * True when it is down and a second signal in a row said so. One lost packet may take a member
   * out of the choice, which is soon undone; it must not cost anybody a session, which is not.
   */
  readonly confirmed: boolean;
  /** True when the present `up` followed a fall or a drain: new connections come slowly at first. */
  readonly recovered: boolean;
  /** True once it has been `up`. */
  readonly served: boolean;
  readonly beneath: Beneath;
}

/** What can happen to a member. `at` is milliseconds since the epoch. */
export type HealthEvent =
  | { readonly kind: 'planned'; readonly nextProbe: number | undefined }
  | { readonly kind: 'probed'; readonly at: number; readonly outcome: ProbeOutcome }
  | {
      readonly kind: 'refused';
      readonly at: number;
      readonly cause: FailureCause;
      readonly reason: string;
    }
  | { readonly kind: 'guard'; readonly at: number; readonly guard: Guard }
  | { readonly kind: 'drain'; readonly at: number }
  | { readonly kind: 'resume'; readonly at: number };

/** Healthy probes in a row that a member needs after a fall, so that a flapping one stays out. */
export const rise = 2;

/** A member nobody has looked at yet; it takes nothing until its first healthy probe. */
export function unknownHealth(at: number): MemberHealth {
  return {
    state: 'checking',
    since: at,
    lastReason: 'not probed yet',
    nextProbe: undefined,
    consecutive: 0,
    cause: undefined,
    confirmed: false,
    recovered: false,
    served: false,
    beneath: {
      verdict: 'checking',
      reason: 'not probed yet',
      cause: undefined,
      confirmed: false,
      everUp: false,
      leaving: false,
      drained: false,
      guard: undefined,
    },
  };
}

/** The next health of a member; pure. */
export function step(health: MemberHealth, event: HealthEvent): MemberHealth {
  switch (event.kind) {
    case 'planned':
      return { ...health, nextProbe: event.nextProbe };
    case 'probed':
      return probed(health, event.at, event.outcome);
    case 'refused':
      return fallen(health, event.at, event.cause, event.reason);
    case 'guard':
      return settle(health, { ...health.beneath, guard: event.guard }, event.at);
    case 'drain':
    case 'resume':
      return settle(health, { ...health.beneath, drained: event.kind === 'drain' }, event.at);
    default:
      return event satisfies never;
  }
}

function probed(health: MemberHealth, at: number, outcome: ProbeOutcome): MemberHealth {
  switch (outcome.kind) {
    case 'failed':
      return fallen(health, at, outcome.cause, outcome.reason);
    case 'unable':
      return settle(health, { ...health.beneath, reason: outcome.reason }, at);
    case 'healthy':
    case 'leaving':
      return answered(health, at, outcome);
    default:
      return outcome satisfies never;
  }
}

function fallen(
  health: MemberHealth,
  at: number,
  cause: FailureCause,
  reason: string,
): MemberHealth {
  const again = health.beneath.verdict === 'down';
  const beneath: Beneath = {
    ...health.beneath,
    verdict: 'down',
    confirmed: again,
    leaving: false,
    cause,
    reason,
  };
  return { ...settle(health, beneath, at), consecutive: again ? health.consecutive + 1 : 1 };
}

function answered(
  health: MemberHealth,
  at: number,
  outcome: Extract<ProbeOutcome, { kind: 'healthy' | 'leaving' }>,
): MemberHealth {
  const { verdict, everUp } = health.beneath;
  const consecutive = verdict === 'down' ? 1 : health.consecutive + 1;
  const needed = everUp ? rise : 1;
  const risen = verdict === 'up' || consecutive >= needed;
  const beneath: Beneath = {
    ...health.beneath,
    verdict: risen ? 'up' : 'checking',
    everUp: everUp || risen,
    leaving: outcome.kind === 'leaving',
    cause: undefined,
    confirmed: false,
    reason: risen ? outcome.reason : `${outcome.reason} (${consecutive} of ${needed} after a fall)`,
  };
  return { ...settle(health, beneath, at), consecutive };
}

/** Publishes what follows from the facts beneath: the worst of own verdict, guard and drain. */
function settle(before: MemberHealth, beneath: Beneath, at: number): MemberHealth {
  const { state, reason, cause, confirmed } = published(beneath);
  const changed = state !== before.state;
  return {
    state,
    since: changed ? at : before.since,
    lastReason: reason,
    nextProbe: before.nextProbe,
    consecutive: before.consecutive,
    cause,
    confirmed,
    // The first rise is the start of the deployment: nobody is slowed down then.
    recovered: changed
      ? state === 'up' && (before.served || before.state === 'draining')
      : before.recovered,
    served: before.served || state === 'up',
    beneath,
  };
}

type Published = Pick<MemberHealth, 'state' | 'cause' | 'confirmed'> & { readonly reason: string };

function standing(state: HealthState, reason: string): Published {
  return { state, reason, cause: undefined, confirmed: false };
}

function published(beneath: Beneath): Published {
  const { verdict, reason, cause, confirmed, guard } = beneath;
  if (verdict === 'down') return { state: 'down', reason, cause, confirmed };
  if (guard?.state === 'down') return { ...guard, reason: followed(guard) };
  if (verdict === 'checking') return standing('checking', reason);
  if (guard?.state === 'checking') return standing('checking', followed(guard));
  if (beneath.drained) return standing('draining', 'drained on request');
  if (beneath.leaving) return standing('draining', reason);
  if (guard?.state === 'draining') return standing('draining', followed(guard));
  return standing('up', reason);
}

function followed(guard: Guard): string {
  return `follows the SIP service, which is ${guard.state}: ${guard.reason}`;
}
