import type { Scheduling } from '#topology';
import { maglevTable, slotOf } from './maglev.ts';

/** A member that may take a connection. */
export interface Candidate {
  readonly host: string;
  /** Connections it holds now. */
  readonly connections: number;
  /** From just above 0 (coming back) to 1 (full share). */
  readonly weight: number;
}

/** Slow start: the share a member returns with, and how long it takes to its full share. */
export interface SlowStart {
  /** Milliseconds; 0 switches slow start off. */
  readonly duration: number;
  /** Share at the moment of return, between 0 and 1. */
  readonly floor: number;
}

/**
 * The weight of a member that is up since `since`, rising in a straight line to 1.
 *
 * Without it least connections floods a member that returns: with 0 connections beside hundreds it
 * would get every new one until it has caught up, which is when it is least able to take them.
 */
export function weightOf(
  member: { readonly recovered: boolean; readonly since: number },
  now: number,
  slowStart: SlowStart,
): number {
  if (!member.recovered || slowStart.duration <= 0) return 1;
  const progress = (now - member.since) / slowStart.duration;
  if (progress >= 1) return 1;
  return slowStart.floor + (1 - slowStart.floor) * Math.max(0, progress);
}

/** Steps of slow start for engines that have to be told every change of a weight. */
const steps = 10;

/** As `weightOf`, in tenths. */
export function steppedWeight(
  member: { readonly recovered: boolean; readonly since: number },
  now: number,
  slowStart: SlowStart,
): number {
  return Math.max(1, Math.round(weightOf(member, now, slowStart) * steps)) / steps;
}

/** Milliseconds until a stepped weight has to be told anew; undefined when all have their whole share. */
export function untilNextStep(
  services: readonly {
    readonly slowStart: SlowStart;
    readonly members: readonly {
      readonly state: string;
      readonly recovered: boolean;
      readonly since: number;
    }[];
  }[],
  now: number,
): number | undefined {
  const growing = services.filter(({ slowStart, members }) =>
    members.some((one) => one.state === 'up' && weightOf(one, now, slowStart) < 1),
  );
  if (growing.length === 0) return undefined;
  return Math.min(...growing.map(({ slowStart }) => slowStart.duration / steps));
}

/** Chooses among candidates. Holds only what round robin must remember; no clock, no chance. */
export class Scheduler {
  readonly #scheduling: Scheduling;
  /** Smooth weighted round robin: what each member has saved up since it was last chosen. */
  readonly #credit = new Map<string, number>();

  /** The Maglev table of the hosts that last were candidates. */
  #table: { readonly hosts: string; readonly slots: readonly string[] } = { hosts: '', slots: [] };

  constructor(scheduling: Scheduling) {
    this.#scheduling = scheduling;
  }

  /**
   * The host to take the next connection; undefined when there is no candidate. `client` names the
   * client for scheduling by hash, which knows no weights.
   */
  pick(candidates: readonly Candidate[], client: string): string | undefined {
    const first = candidates[0];
    if (first === undefined) return undefined;
    if (this.#scheduling === 'maglev') return this.#hashed(candidates, client);
    if (this.#scheduling === 'roundRobin') return this.#turn(candidates);
    // One more connection is counted so that a small weight matters on an empty member, too.
    const load = (one: Candidate): number => (one.connections + 1) / one.weight;
    const least = Math.min(...candidates.map(load));
    return this.#turn(candidates.filter((one) => load(one) === least));
  }

  #hashed(candidates: readonly Candidate[], client: string): string | undefined {
    const hosts = candidates.map(({ host }) => host);
    const key = hosts.join(' ');
    if (this.#table.hosts !== key) this.#table = { hosts: key, slots: maglevTable(hosts) };
    return this.#table.slots[slotOf(client)];
  }

  #turn(candidates: readonly Candidate[]): string | undefined {
    let total = 0;
    let best: string | undefined;
    let most = -Infinity;
    for (const { host, weight } of candidates) {
      total += weight;
      const credit = (this.#credit.get(host) ?? 0) + weight;
      this.#credit.set(host, credit);
      if (credit > most) {
        most = credit;
        best = host;
      }
    }
    if (best !== undefined) this.#credit.set(best, most - total);
    return best;
  }

  /** Forgets a member that left, so that it does not return with old credit. */
  forget(host: string): void {
    this.#credit.delete(host);
  }
}
