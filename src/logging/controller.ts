import { networkInterfaces } from 'node:os';
import { messageOf, UsherError } from '#base';
import type { Hop, Plan } from '#ports';
import { addressFor, findHost, type Host, type Role, type Service } from '#topology';
import type { Credentials } from '#trust';
import type * as z from 'zod';
import {
  AgentError,
  callAgent,
  defaultClientTimeouts,
  streamAgent,
  type AgentCall,
  type AgentFailure,
  type ClientTimeouts,
} from './agent-client.ts';
import type { SearchRequest } from './criteria.ts';
import { paths } from './paths.ts';
import { mergeArrivals, mergeSorted } from './merge.ts';
import { compareRecords, type LogRecord } from './record.ts';
import type {
  AgentStatus,
  ControlAnswer,
  StartRequest,
  StopRequest,
  StreamEnd,
  UpdateRequest,
} from './wire.ts';

/** What became of one agent's part of a command. */
export type AgentOutcome<Value> = { readonly host: string; readonly role: Role } & (
  | { readonly kind: 'ok'; readonly value: Value }
  | AgentFailure
);

/** A search over all agents: records in time order while they arrive, and what each agent did. */
export interface FoundRecords {
  readonly records: AsyncIterable<LogRecord>;
  /** Resolves when `records` has been read to its end or left. */
  readonly outcomes: Promise<readonly AgentOutcome<StreamEnd>[]>;
}

export interface LogControllerOptions {
  readonly plan: Plan;
  /** Of the host the controller speaks for; every agent admits the hosts of the topology. */
  readonly credentials: Credentials;
  /** Only these hosts (FQDN); default all that have a logging agent. */
  readonly hosts?: readonly string[];
  readonly timeouts?: Partial<ClientTimeouts>;
}

/**
 * Sends commands and searches to the agent of every host, to each member directly and never to a
 * VIP, and says for every single agent what came of it.
 */
export class LogController {
  readonly #plan: Plan;
  readonly #credentials: Credentials;
  readonly #hosts: readonly Host[];
  readonly #timeouts: ClientTimeouts;
  readonly #localAddresses: readonly string[];

  /** Throws `USHER_NO_LOG_AGENT` when `hosts` names a host without an agent. */
  constructor(options: LogControllerOptions) {
    this.#plan = options.plan;
    this.#credentials = options.credentials;
    this.#timeouts = { ...defaultClientTimeouts, ...options.timeouts };
    this.#hosts = chosenHosts(options.plan, options.hosts);
    const own = findHost(options.plan.topology, options.credentials.fqdn)?.addresses ?? [];
    // The row's source is true where it can be: on the host itself.
    this.#localAddresses = own.filter(isLocal);
  }

  /** The hosts asked, in topology order. */
  get hosts(): readonly Host[] {
    return this.#hosts;
  }

  async start(request: StartRequest): Promise<readonly AgentOutcome<ControlAnswer>[]> {
    return await this.#control(paths.start, request);
  }

  async stop(request: StopRequest): Promise<readonly AgentOutcome<ControlAnswer>[]> {
    return await this.#control(paths.stop, request);
  }

  async update(request: UpdateRequest): Promise<readonly AgentOutcome<ControlAnswer>[]> {
    return await this.#control(paths.update, request);
  }

  /** Brings to disk what agents hold in memory. */
  async flush(): Promise<readonly AgentOutcome<ControlAnswer>[]> {
    return await this.#control(paths.flush, {});
  }

  async status(): Promise<readonly AgentOutcome<AgentStatus>[]> {
    const { agentStatus } = await import('./wire.ts');
    return await this.#ask(agentStatus, 'logStatus', 'GET', paths.status);
  }

  /** Searches every agent; `signal` gives up. */
  search(criteria: SearchRequest, signal?: AbortSignal): FoundRecords {
    return this.#stream(paths.search, criteria, signal, (streams) =>
      mergeSorted(streams, compareRecords),
    );
  }

  /** Records as they are made, until `signal`; in order of arrival. */
  follow(criteria: SearchRequest, signal: AbortSignal): FoundRecords {
    return this.#stream(paths.follow, criteria, signal, mergeArrivals);
  }

  /**
   * Everything about the calls and transactions a search finds: searches again for the Call-IDs of
   * the `calls` that spoke last, so that hops the criteria do not match (another address, say) are in.
   */
  async correlate(
    criteria: SearchRequest,
    calls: number,
    signal?: AbortSignal,
  ): Promise<{
    readonly records: readonly LogRecord[];
    readonly outcomes: readonly AgentOutcome<StreamEnd>[];
    /** Call-IDs left out. */
    readonly more: number;
  }> {
    const first = this.search(criteria, signal);
    const seen = new Set<string>();
    for await (const { callId } of first.records) {
      // Deleted and added again: the set ends with the call that spoke last.
      seen.delete(callId);
      if (callId !== '') seen.add(callId);
    }
    const outcomes = await first.outcomes;
    const callIds = [...seen].slice(-calls);
    if (callIds.length === 0) return { records: [], outcomes, more: 0 };
    const second = this.search({ callIds }, signal);
    const records: LogRecord[] = [];
    for await (const record of second.records) records.push(record);
    return { records, outcomes: await second.outcomes, more: seen.size - callIds.length };
  }

  async #control(path: string, body: object): Promise<readonly AgentOutcome<ControlAnswer>[]> {
    const { controlAnswer } = await import('./wire.ts');
    return await this.#ask(controlAnswer, 'logControl', 'POST', path, body);
  }

  async #ask<Value>(
    shape: z.ZodType<Value>,
    service: Service,
    method: 'GET' | 'POST',
    path: string,
    body?: object,
  ): Promise<readonly AgentOutcome<Value>[]> {
    return await Promise.all(
      this.#hosts.map(async (host): Promise<AgentOutcome<Value>> => {
        const { fqdn, role } = host;
        try {
          const answer = await callAgent(this.#call(host, service, method, path, body));
          const parsed = shape.safeParse(answer);
          return parsed.success
            ? { host: fqdn, role, kind: 'ok', value: parsed.data }
            : { host: fqdn, role, kind: 'broken', reason: 'the answer is not understood' };
        } catch (error) {
          return { host: fqdn, role, ...failureOf(error) };
        }
      }),
    );
  }

  #stream(
    path: string,
    criteria: SearchRequest,
    signal: AbortSignal | undefined,
    merge: (streams: readonly AsyncIterable<LogRecord>[]) => AsyncIterable<LogRecord>,
  ): FoundRecords {
    const results = new Map<string, AgentOutcome<StreamEnd>>();
    const streams = this.#hosts.map((host) => this.#records(host, path, criteria, signal, results));
    const { promise, resolve } = Promise.withResolvers<readonly AgentOutcome<StreamEnd>[]>();
    const hosts = this.#hosts;
    async function* all(): AsyncGenerator<LogRecord> {
      try {
        yield* merge(streams);
      } finally {
        resolve(hosts.flatMap((host) => results.get(host.fqdn) ?? []));
      }
    }
    return { records: all(), outcomes: promise };
  }

  /** One agent's records; what went wrong becomes its outcome and never another agent's. */
  async *#records(
    host: Host,
    path: string,
    criteria: SearchRequest,
    signal: AbortSignal | undefined,
    results: Map<string, AgentOutcome<StreamEnd>>,
  ): AsyncGenerator<LogRecord> {
    const { fqdn, role } = host;
    let records = 0;
    let outcome: AgentOutcome<StreamEnd> | undefined;
    try {
      const call = this.#call(host, 'logTransfer', 'POST', path, criteria);
      for await (const line of streamAgent({ ...call, signal })) {
        if ('record' in line) {
          records += 1;
          yield line.record;
        } else if ('end' in line) {
          outcome = { host: fqdn, role, kind: 'ok', value: line.end };
        } else if ('error' in line) {
          outcome = { host: fqdn, role, kind: 'broken', reason: line.error };
        }
      }
      outcome ??= { host: fqdn, role, kind: 'broken', reason: 'the answer has no end' };
    } catch (error) {
      outcome = { host: fqdn, role, ...failureOf(error) };
    } finally {
      const left: AgentOutcome<StreamEnd> = {
        host: fqdn,
        role,
        kind: 'ok',
        value: { records, truncated: true, damaged: [] },
      };
      // Following has no end of its own: asked to stop is as it should be.
      const asked = signal?.aborted === true && (outcome === undefined || outcome.kind !== 'ok');
      results.set(fqdn, outcome === undefined || asked ? left : outcome);
    }
  }

  #call(
    host: Host,
    service: Service,
    method: 'GET' | 'POST',
    path: string,
    body?: object,
  ): AgentCall {
    return {
      hop: agentHop(this.#plan, host, service, this.#localAddresses),
      credentials: this.#credentials,
      localAddresses: this.#localAddresses,
      method,
      path,
      body,
      timeouts: this.#timeouts,
    };
  }
}

/** Hosts that have a logging agent, in topology order. */
export function agentHosts(plan: Plan): readonly Host[] {
  const names = new Set(
    plan.listeners
      .filter((listener) => listener.service === 'logTransfer')
      .map((listener) => listener.host),
  );
  return [...names].flatMap((name) => findHost(plan.topology, name) ?? []);
}

function chosenHosts(plan: Plan, wanted: readonly string[] | undefined): readonly Host[] {
  const all = agentHosts(plan);
  if (wanted === undefined) return all;
  return wanted.map((name) => {
    const host = all.find((one) => one.fqdn === name.toLowerCase());
    if (host !== undefined) return host;
    throw new UsherError('USHER_NO_LOG_AGENT', `${name} has no logging agent.`, {
      remedy: `Hosts with an agent: ${all.map((one) => one.fqdn).join(', ')}.`,
    });
  });
}

/**
 * The agent of a host itself: logging never goes by a VIP. Of two addresses the one we have the family of
 * comes first; where we are no host of the topology, nothing is known of that.
 */
function agentHop(plan: Plan, host: Host, service: Service, own: readonly string[]): Hop {
  const [hop, otherwise] = plan.listeners
    .filter((one) => one.host === host.fqdn && one.service === service)
    .filter(({ address }) => own.length === 0 || addressFor(own, address) !== undefined)
    .map(({ address, port, flows }): Hop => {
      return { address, port, name: host.fqdn, host: host.fqdn, flow: flows[0]?.id ?? '' };
    });
  if (hop === undefined) throw new AgentError('unreachable', `no flow leads to ${service}`);
  return otherwise === undefined ? hop : { ...hop, otherwise };
}

function failureOf(error: unknown): AgentFailure {
  return error instanceof AgentError
    ? error.failure
    : { kind: 'unreachable', reason: messageOf(error) };
}

/** True for an address this machine has, all of loopback included. */
function isLocal(address: string): boolean {
  if (address.startsWith('127.')) return true;
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.some((one) => one.address === address);
}
