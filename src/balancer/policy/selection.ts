import type { AffinityTable } from './affinity.ts';
import type { HealthState } from './health.ts';
import { type Scheduler, type SlowStart, weightOf } from './scheduling.ts';

/** What the choice needs to know of a member. */
export interface Choosable {
  readonly host: string;
  readonly state: HealthState;
  /** When the state began, milliseconds since the epoch. */
  readonly since: number;
  readonly recovered: boolean;
}

/** The question: who takes the next connection from this client address? */
export interface Choice<Member extends Choosable> {
  readonly members: readonly Member[];
  readonly client: string;
  /** The client's source port: what tells its connections apart where it has no affinity. */
  readonly clientPort: number;
  /** Connections a member holds at most; undefined: no limit. */
  readonly connectionsPerMember: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Members that refused this connection already. */
  readonly refusedBy: ReadonlySet<string>;
  connections(host: string): number;
}

/**
 * Chooses a member that is up: the one the client is bound to, else the scheduler's choice, which
 * the client is then bound to. Undefined when no member is left.
 */
export function selectMember<Member extends Choosable>(
  choice: Choice<Member>,
  rules: { scheduler: Scheduler; affinity: AffinityTable | undefined; slowStart: SlowStart },
): Member | undefined {
  const { client, now } = choice;
  const most = choice.connectionsPerMember ?? Infinity;
  const open = choice.members.filter(
    (member) =>
      member.state === 'up' &&
      !choice.refusedBy.has(member.host) &&
      choice.connections(member.host) < most,
  );
  const bound = rules.affinity?.find(client, now);
  const host =
    open.find((member) => member.host === bound)?.host ??
    rules.scheduler.pick(
      open.map((member) => ({
        host: member.host,
        connections: choice.connections(member.host),
        weight: weightOf(member, now, rules.slowStart),
      })),
      rules.affinity === undefined ? `${client} ${choice.clientPort}` : client,
    );
  if (host !== undefined) rules.affinity?.bind(client, host, now);
  return open.find((member) => member.host === host);
}
