import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UsherError } from '#base';
import { answerOf, type ControlAnswer, type ControlRequest } from './control/protocol.ts';
import { isReport, type Assignment, type Order, type Report } from './protocol.ts';

const hostProgram = fileURLToPath(new URL('main.ts', import.meta.url));

export interface ChildOptions {
  /** Program to run; default: that of a host, `main.ts`. */
  readonly program?: string | undefined;
  readonly assignment: Assignment;
  /**
   * A command that runs the rest of its arguments as a program in the same process, e.g. in another
   * network namespace (`ip netns exec NAME`). Default: none.
   */
  readonly within?: readonly string[] | undefined;
  /**
   * File that receives what the process writes; created with mode 0600, appended to. Absent: it
   * writes to our own standard output and error.
   */
  readonly logFile?: string;
  /** Called when the process ends without having been told to. */
  readonly died: (how: string) => void;
}

/** One host process: started, told what to do, and ended for certain. */
export class Child {
  readonly #options: ChildOptions;
  readonly #waiting = new Map<Report['kind'], PromiseWithResolvers<Report>>();
  #process: ChildProcess | undefined;
  /** Settles when the last request of an operator has its answer: one is asked at a time. */
  #controls: Promise<unknown> = Promise.resolve();
  #ending = false;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  /** Process id, or undefined before the start and after the end. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts the process and resolves when its code is loaded and it waits for orders. */
  async load(): Promise<void> {
    const { assignment, logFile } = this.#options;
    const log = logFile === undefined ? undefined : openSync(logFile, 'a', 0o600);
    try {
      const [outer, ...inner] = this.#options.within ?? [];
      const child = fork(this.#options.program ?? hostProgram, wordsOf(assignment), {
        // Standard input closed; orders and reports travel on the IPC channel, which also ties
        // the child's life to ours: when we are gone, it sees the channel close and ends.
        stdio: ['ignore', log ?? 'inherit', log ?? 'inherit', 'ipc'],
        ...(outer === undefined
          ? { execArgv: [] }
          : { execPath: outer, execArgv: [...inner, process.execPath], detached: true }),
      });
      this.#process = child;
      child.on('message', (message) => {
        if (isReport(message)) this.#hear(message);
      });
      child.on('exit', (code, signal) => this.#ended(signal ?? `exit status ${code}`));
      child.on('error', (error) => this.#ended(error.message));
      child.send(assignment, () => {
        // A send that fails means the process is gone: its exit rejects what waits.
      });
    } finally {
      if (log !== undefined) closeSync(log);
    }
    await this.#expect('loaded');
  }

  /** Opens the host's sockets; rejects with the reason the host gave. */
  async start(): Promise<void> {
    await this.#tell({ kind: 'start' }, 'started');
  }

  /**
   * Has the host read its certificates again. Resolves with false when they were no good and it keeps
   * the old ones; its log says why. A process that does not run reads them when it starts.
   */
  async reload(): Promise<boolean> {
    if (this.#process === undefined) return true;
    try {
      const report = await this.#tell({ kind: 'reload' }, 'reloaded');
      return report.kind === 'reloaded' && report.ok;
    } catch {
      // It died meanwhile: whoever puts it back up has the new files read.
      return true;
    }
  }

  /** Does what an operator asks; a process that is being replaced says so. Never rejects. */
  control(request: ControlRequest): Promise<ControlAnswer> {
    const answered = this.#controls.then(() => this.#control(request));
    this.#controls = answered;
    return answered;
  }

  async #control(request: ControlRequest): Promise<ControlAnswer> {
    let told: ControlAnswer | undefined;
    const refused = await answerOf(async () => {
      if (this.#process === undefined) {
        throw new UsherError('USHER_HOST_DIED', 'a process of the host is being replaced', {
          remedy: 'Ask again in a moment.',
          exitStatus: 1,
        });
      }
      const report = await this.#tell({ kind: 'control', request }, 'controlled');
      if (report.kind === 'controlled') told = report.answer;
      return null;
    });
    return told ?? refused;
  }

  /** Lets go of the process: it stays when we end. Resolves with its id. */
  async release(): Promise<number | undefined> {
    await this.#tell({ kind: 'release' }, 'released');
    const child = this.#process;
    this.#ending = true;
    this.#process = undefined;
    child?.disconnect();
    child?.unref();
    return child?.pid;
  }

  /** Takes no new work and ends the old within `deadline` milliseconds; the process stays until `close`. */
  async drain(deadline: number): Promise<void> {
    this.#ending = true;
    if (this.#process === undefined) return;
    await this.#tell({ kind: 'drain', deadline }, 'drained').catch(() => {
      // The end of the process is the end of the drain, however it came.
    });
  }

  /** Ends the process: asked first, then forced after three seconds. */
  async close(): Promise<void> {
    this.#ending = true;
    const child = this.#process;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    if (child.connected) child.send({ kind: 'close' } satisfies Order, () => {});
    else child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), 3000);
    await exited;
    clearTimeout(force);
  }

  #tell(order: Order, answer: Report['kind']): Promise<Report> {
    const answered = this.#expect(answer);
    this.#process?.send(order, () => {
      // A send that fails means the process is gone: its exit rejects what waits.
    });
    return answered;
  }

  #expect(kind: Report['kind']): Promise<Report> {
    const asked = this.#waiting.get(kind);
    if (asked !== undefined) return asked.promise;
    const waiting = Promise.withResolvers<Report>();
    this.#waiting.set(kind, waiting);
    return waiting.promise;
  }

  #hear(report: Report): void {
    if (report.kind === 'failed') {
      const { code, message, remedy } = report;
      this.#reject(new UsherError(code, message, { remedy }));
      return;
    }
    this.#waiting.get(report.kind)?.resolve(report);
    this.#waiting.delete(report.kind);
  }

  #ended(how: string): void {
    if (this.#process === undefined) return;
    this.#process = undefined;
    this.#reject(
      new UsherError('USHER_HOST_DIED', `the process ended early: ${how}`, {
        remedy: `Read ${this.#options.logFile ?? 'what it wrote'}.`,
        exitStatus: 1,
      }),
    );
    if (!this.#ending) this.#options.died(how);
  }

  #reject(error: UsherError): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

/** The arguments of a host process: who it is, for whoever looks at the list of processes. */
function wordsOf({ fqdn, stateDirectory, worker }: Assignment): string[] {
  const which = worker === undefined ? [] : ['--worker', String(worker)];
  return [fqdn, '--state', stateDirectory, ...which];
}
