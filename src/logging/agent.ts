import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { messageOf, UsherError, type Clock, type Dump, type Lifecycle, type Siblings } from '#base';
import { listenersOf, type Plan } from '#ports';
import type { Host, Service } from '#topology';
import type { Credentials, Reloadable } from '#trust';
import type * as z from 'zod';
import {
  AgentListener,
  errorBody,
  sendJson,
  type AgentListenerLimits,
  type AgentRequest,
} from './agent-listener.ts';
import { streamFollow, streamSearch, type StreamSource } from './agent-stream.ts';
import { paths } from './paths.ts';
import type { ProcessStatus } from './process-shape.ts';
import { answerStatus, detailsOf, hostStatus, statusOfOthers } from './process-status.ts';
import { Recorder, type RecorderLimits, type RecorderSources } from './recorder.ts';
import { alwaysOn, defaultDuration, scenarioDefaults } from './scenario.ts';
import { ScenarioBook } from './scenario-book.ts';
import { defaultStoreLimits, type StoreLimits } from './store.ts';
import { StoreThread } from './store-thread.ts';
import type { AgentStatus, ControlAnswer } from './wire.ts';

/** What an agent grants its controllers. */
export interface AgentLimits {
  readonly searches: number;
  readonly followers: number;
}

export const defaultAgentLimits: AgentLimits = { searches: 4, followers: 8 };

export interface LogAgentOptions {
  readonly plan: Plan;
  readonly host: Host;
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** Records go to `<stateDirectory>/logs/<host>/`. */
  readonly stateDirectory: string;
  /** What the role says about itself; part of the status answer. */
  readonly details?: () => Dump;
  /** How long the event loop of this process was kept busy; part of the status answer. */
  readonly eventLoop?: () => AgentStatus['eventLoop'];
  /** False in the second and later processes of a host: they record, the first one answers. */
  readonly listen?: boolean;
  /** Those processes; absent: there are none. */
  readonly siblings?: Siblings;
  readonly sources?: RecorderSources;
  readonly limits?: {
    readonly agent?: Partial<AgentLimits>;
    readonly listener?: Partial<AgentListenerLimits>;
    readonly recorder?: Partial<RecorderLimits>;
    readonly store?: Partial<StoreLimits>;
  };
}

/** The directory of a host's records under a state directory. */
export function logDirectory(stateDirectory: string, fqdn: string): string {
  return join(stateDirectory, 'logs', fqdn);
}

/**
 * The Centralized Logging agent of one host: records what its SIP and trust checks publish, and
 * answers controllers on exactly the logging sockets the plan gives the host: commands on
 * `logControl`, state on `logStatus`, search and following on `logTransfer`.
 */
export class LogAgent implements Lifecycle, Reloadable {
  readonly #options: LogAgentOptions;
  readonly #limits: AgentLimits;
  readonly #store: StoreThread;
  readonly #book: ScenarioBook;
  readonly #recorder: Recorder;
  readonly #listeners: readonly AgentListener[];
  readonly #ending = new AbortController();
  #searches = 0;
  #followers = 0;
  #closing: Promise<void> | undefined;

  constructor(options: LogAgentOptions) {
    this.#options = options;
    const { plan, host, credentials, clock, limits = {} } = options;
    this.#limits = { ...defaultAgentLimits, ...limits.agent };
    const directory = logDirectory(options.stateDirectory, host.fqdn);
    this.#book = new ScenarioBook(directory, clock);
    this.#store = new StoreThread(
      { directory, host: host.fqdn, limits: { ...defaultStoreLimits, ...limits.store } },
      clock,
    );
    this.#recorder = new Recorder({
      clock,
      append: (batch, policy) => this.#store.append(batch, policy),
      policy: () => this.#book.policy(),
      ...(limits.recorder === undefined ? {} : { limits: limits.recorder }),
      ...(options.sources === undefined ? {} : { sources: options.sources }),
    });
    if (options.siblings !== undefined) answerStatus(options.siblings, () => this.#processStatus());
    const own = options.listen === false ? [] : listenersOf(plan, host.fqdn);
    this.#listeners = own.flatMap((listener) => {
      const answer = this.#answers(listener.service);
      if (answer === undefined) return [];
      return new AgentListener({
        listener,
        credentials,
        answer: (request, response) => guarded(answer, request, response),
        ...(limits.listener === undefined ? {} : { limits: limits.listener }),
      });
    });
  }

  /** Where the sockets listen, with their real ports. */
  get addresses(): readonly { service: Service; address: string; port: number }[] {
    return this.#listeners.map(({ listener, port }) => ({
      service: listener.service,
      address: listener.address,
      port,
    }));
  }

  async start(): Promise<void> {
    try {
      await this.#book.start();
      await this.#store.start();
      this.#recorder.start();
      await Promise.all(this.#listeners.map((listener) => listener.start()));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Takes no new controller; searches under way end, followers are sent away. */
  async drain(deadline: number): Promise<void> {
    for (const listener of this.#listeners) listener.stopAccepting();
    this.#ending.abort();
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(deadline, resolve);
    const look = setInterval(() => {
      if (this.#searches + this.#followers === 0) resolve();
    }, 20);
    await promise;
    clearInterval(look);
    cancel();
    await this.#recorder.flush();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  reload(credentials: Credentials): { readonly dropped: number } {
    let dropped = 0;
    for (const listener of this.#listeners) dropped += listener.reload(credentials).dropped;
    return { dropped };
  }

  dump(): Dump {
    return {
      scenarios: this.#book.current().map(({ name }) => name),
      recorder: this.#recorder.dump(),
      storeRestarts: this.#store.restarts,
      searches: this.#searches,
      followers: this.#followers,
      listeners: this.#listeners.map((listener) => listener.dump()),
    };
  }

  /** What the status listener tells; also for the process that runs the agent. */
  async status(): Promise<AgentStatus> {
    const { host, siblings } = this.#options;
    const own = this.#processStatus();
    const others = siblings === undefined ? [] : await statusOfOthers(siblings);
    const scenarios = this.#book.current();
    let failure = this.#book.fault ?? this.#store.lastFailure;
    let store = { segments: 0, bytes: 0, oldest: null as number | null };
    let failing = false;
    try {
      store = { ...(await this.#store.status()) };
    } catch (error) {
      failing = true;
      failure = messageOf(error);
    }
    const state = scenarios.length === 0 ? 'stopped' : failing ? 'failing' : 'recording';
    return {
      host: host.fqdn,
      role: host.role,
      state,
      scenarios,
      store: {
        ...store,
        restarts: this.#store.restarts,
        failure: failure ?? own.recorder.lastFailure,
      },
      ...hostStatus(own, others),
      ...(others.length === 0 ? {} : { workers: [own, ...others] }),
    };
  }

  #processStatus(): ProcessStatus {
    return {
      pid: process.pid,
      uptime: Math.round(process.uptime()),
      residentMemory: process.memoryUsage.rss(),
      eventLoop: this.#options.eventLoop?.(),
      recorder: this.#recorder.status(),
      details: detailsOf(this.#options.details),
    };
  }

  async #close(): Promise<void> {
    this.#ending.abort();
    this.#book.close();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    await this.#recorder.close();
    await this.#store.close();
  }

  #answers(service: Service): Answer | undefined {
    const answers: Partial<Record<Service, Answer>> = {
      logControl: (request, response) => this.#control(request, response),
      logStatus: (request, response) => this.#tellStatus(request, response),
      logTransfer: (request, response) => this.#transfer(request, response),
    };
    return answers[service];
  }

  async #tellStatus(request: AgentRequest, response: ServerResponse): Promise<void> {
    if (!expect(request, response, 'GET', [paths.status])) return;
    sendJson(response, 200, await this.status());
  }

  async #control(request: AgentRequest, response: ServerResponse): Promise<void> {
    const { start, stop, update, flush } = paths;
    if (!expect(request, response, 'POST', [start, stop, update, flush])) return;
    const { stopRequest, updateRequest } = await import('./wire.ts');
    let changed: readonly string[] = [];
    if (request.path === start) changed = [await this.#startScenario(request)];
    else if (request.path === stop) {
      const { name } = parse(stopRequest, request.body);
      if (!(await this.#book.remove(name))) throw notRunning(name);
      changed = [name];
    } else if (request.path === update) {
      const { name, duration } = parse(updateRequest, request.body);
      const end = this.#options.clock.now() + duration;
      changed = (await this.#book.extend(name, end)).map((scenario) => scenario.name);
      if (changed.length === 0) throw notRunning(name ?? 'with an end');
    } else {
      await this.#recorder.flush();
      await this.#store.flush();
    }
    this.#recorder.applyPolicy();
    const answer: ControlAnswer = { changed, scenarios: this.#book.current() };
    sendJson(response, 200, answer);
  }

  async #startScenario(request: AgentRequest): Promise<string> {
    const { startRequest } = await import('./wire.ts');
    const { name, level, bodies, uri, duration } = parse(startRequest, request.body);
    const defaults = scenarioDefaults(name);
    const now = this.#options.clock.now();
    const endless = name === alwaysOn && duration === undefined;
    await this.#book.put({
      name,
      level: level ?? defaults.level,
      bodies: bodies ?? defaults.bodies,
      uri: uri ?? null,
      startedAt: now,
      endsAt: endless ? null : now + (duration ?? defaultDuration),
      startedBy: request.peer,
    });
    return name;
  }

  async #transfer(request: AgentRequest, response: ServerResponse): Promise<void> {
    if (!expect(request, response, 'POST', [paths.search, paths.follow])) return;
    const following = request.path === paths.follow;
    const { searchCriteria } = await import('./wire.ts');
    const criteria = parse(searchCriteria, request.body);
    const busy = following
      ? this.#followers >= this.#limits.followers
      : this.#searches >= this.#limits.searches;
    if (busy) {
      const body = errorBody('busy', 'As many searches as are allowed are under way; try again.');
      sendJson(response, 503, body, { 'retry-after': '2' });
      return;
    }
    const source: StreamSource = {
      store: this.#store,
      flush: () => this.#recorder.flush(),
      clock: this.#options.clock,
      ending: this.#ending.signal,
    };
    if (following) {
      this.#followers += 1;
      try {
        await streamFollow(source, criteria, response);
      } finally {
        this.#followers -= 1;
      }
      return;
    }
    this.#searches += 1;
    try {
      await streamSearch(source, criteria, response);
    } finally {
      this.#searches -= 1;
    }
  }
}

type Answer = (request: AgentRequest, response: ServerResponse) => Promise<void>;

/** A request the agent refuses: the HTTP status, and the error as the contract has it. */
class RequestError extends UsherError {
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(code, message, { remedy: 'docs/logging.md describes every request.', exitStatus: 1 });
    this.status = status;
  }
}

function notRunning(name: string): RequestError {
  return new RequestError(404, 'not-running', `No scenario ${name} is running.`);
}

function parse<Shape extends z.ZodType>(shape: Shape, body: string): z.infer<Shape> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new RequestError(400, 'not-json', 'The body is not JSON.');
  }
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 5);
  const told = issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new RequestError(400, 'bad-request', told.join('; '));
}

function expect(
  request: AgentRequest,
  response: ServerResponse,
  method: string,
  allowed: readonly string[],
): boolean {
  if (!allowed.includes(request.path)) {
    sendJson(response, 404, errorBody('not-found', `This socket answers ${allowed.join(', ')}.`));
    return false;
  }
  if (request.method !== method) {
    const body = errorBody('method', `${request.path} takes ${method}.`);
    sendJson(response, 405, body, { allow: method });
    return false;
  }
  return true;
}

async function guarded(
  answer: Answer,
  request: AgentRequest,
  response: ServerResponse,
): Promise<void> {
  try {
    await answer(request, response);
  } catch (error) {
    if (response.headersSent) {
      // Without its last line the stream tells the controller that it broke off.
      response.destroy();
    } else if (error instanceof RequestError) {
      sendJson(response, error.status, errorBody(error.code, error.message));
    } else {
      sendJson(response, 500, errorBody('failed', messageOf(error)));
    }
  }
}
