import type { Dump } from '#base';
import type { ControlAnswer } from './protocol.ts';

/** How a Director, Front End or Edge is, as its control socket tells it. */
export type HostStatus = {
  readonly host: string;
  readonly role: string;
  /** `draining`: new requests are refused with 503 and Retry-After. */
  readonly state: 'up' | 'draining';
  /** ISO 8601, of a drain an operator asked for; null without one. */
  readonly since: string | null;
  /** Requests that have no final response yet. */
  readonly unfinished: number;
  /** Open SIP connections. */
  readonly connections: number;
  /** Processes that answered. */
  readonly workers: number;
};

/** True for what this version of such a host tells of itself. */
export function isHostStatus(value: unknown): value is HostStatus {
  return (
    typeof value === 'object' &&
    value !== null &&
    'host' in value &&
    'state' in value &&
    (value.state === 'up' || value.state === 'draining') &&
    'unfinished' in value &&
    typeof value.unfinished === 'number' &&
    'connections' in value &&
    typeof value.connections === 'number' &&
    'workers' in value &&
    typeof value.workers === 'number'
  );
}

/** One answer of all workers of a host: the first refusal, else the sum of what they say. */
export function combine(answers: readonly ControlAnswer[]): ControlAnswer {
  const refused = answers.find((answer) => !answer.ok);
  if (refused !== undefined) return refused;
  const values = answers.flatMap((answer): Dump[] => (answer.ok ? [answer.value] : []));
  const states = values.filter((value) => isHostStatus(value));
  const [first] = states;
  if (first === undefined) return { ok: true, value: values[0] ?? null };
  const sum = (of: (status: HostStatus) => number): number =>
    states.reduce((total, status) => total + of(status), 0);
  return {
    ok: true,
    value: {
      ...first,
      // The host takes new requests as long as one of its workers does.
      state: states.every(({ state }) => state === 'draining') ? 'draining' : 'up',
      unfinished: sum((status) => status.unfinished),
      connections: sum((status) => status.connections),
      workers: sum((status) => status.workers),
    },
  };
}
