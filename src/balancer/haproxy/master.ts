import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { UsherError } from '#base';
import { launch, needVersion, run, type Tool } from '../engines/program.ts';
import { readWorkers } from './status.ts';

const haproxy: Tool = { name: 'haproxy', debian: 'haproxy' };
/** Ends a program with its parent, however that ends. */
const setpriv: Tool = { name: 'setpriv', debian: 'util-linux' };

/** The oldest version the configuration is written for. */
const oldest = '2.6';

/** Milliseconds a worker may take to answer after a start or a reload, and a master to end. */
const patience = 10_000;
const step = 20;

/** One HAProxy: a master that is our child, and its workers, spoken to by the master's socket. */
export class Master {
  readonly #configuration: string;
  readonly #socket: string;
  readonly #heard: (line: string) => void;
  #child: ChildProcess | undefined;
  /** What it said last, in its own words. */
  #complaint = '';

  /** `heard` gets what it logs, line by line. */
  constructor(configuration: string, socket: string, heard: (line: string) => void) {
    this.#configuration = configuration;
    this.#socket = socket;
    this.#heard = heard;
  }

  /**
   * Makes sure that the programs are there and HAProxy is new enough.
   *
   * @throws UsherError `USHER_ENGINE_PROGRAM`
   */
  static async needed(): Promise<void> {
    await needVersion(haproxy, '-v', oldest);
    await run(setpriv, ['--version']);
  }

  /**
   * Has HAProxy check the configuration; a warning is an error (`zero-warning`).
   *
   * @throws UsherError `USHER_ENGINE_REFUSED` with what it said
   */
  async check(): Promise<void> {
    const { status, complaint } = await run(haproxy, ['-c', '-f', this.#configuration]);
    if (status !== 0) throw refused(complaint);
  }

  /** Starts it; resolves once its worker answers. `ended` is called when it has ended, however that came. */
  async start(ended: () => void): Promise<void> {
    const child = await launch(setpriv, [
      '--pdeathsig',
      'TERM',
      haproxy.name,
      '-W',
      '-db',
      '-f',
      this.#configuration,
      '-S',
      `${this.#socket},mode,600`,
    ]);
    this.#child = child;
    child.stdin?.end();
    if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', this.#heard);
    if (child.stderr !== null) {
      createInterface({ input: child.stderr }).on('line', (line) => {
        if (line.startsWith('[ALERT]')) this.#complaint = line;
      });
    }
    child.once('exit', ended);
    await this.#answers(undefined);
  }

  /** The worker that takes connections, if there is one, and those whose connections come to their end. */
  async workers(): Promise<ReturnType<typeof readWorkers>> {
    return readWorkers(await this.#ask('show proc'));
  }

  /** Has a worker do something; resolves with its answer. */
  async tell(worker: number, commands: readonly string[]): Promise<string> {
    return await this.#ask(commands.map((command) => `@!${worker} ${command}`).join('\n'));
  }

  /** Has a new worker take over with the configuration as it is now; the old one keeps its sessions. */
  async reload(): Promise<void> {
    const { present } = await this.workers();
    this.#child?.kill('SIGUSR2');
    await this.#answers(present);
  }

  /** Resolves when a worker other than `before` answers. */
  async #answers(before: number | undefined): Promise<void> {
    for (let waited = 0; waited < patience; waited += step) {
      if (this.#child?.exitCode !== null || this.#child.signalCode !== null) break;
      try {
        const { present } = await this.workers();
        if (present !== undefined && present !== before) {
          const info = await this.tell(present, ['show info']);
          if (info.includes(`Pid: ${present}`)) return;
        }
      } catch {
        // Its socket is not there yet.
      }
      await pause(step);
    }
    throw refused(this.#complaint || 'it does not answer');
  }

  async #ask(command: string): Promise<string> {
    const socket = connect({ path: this.#socket });
    socket.setTimeout(patience, () => socket.destroy(new Error('HAProxy does not answer')));
    socket.end(`${command}\n`);
    return await text(socket);
  }

  /** Ends it with all its sessions; resolves when it is gone. */
  async end(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), patience);
    await gone;
    clearTimeout(late);
  }
}

function refused(complaint: string): UsherError {
  const lines = complaint.split('\n').filter((line) => /ALERT|WARNING/u.test(line));
  const said = (lines[0] ?? complaint).replace(/^\[\w+\]\s+\(\d+\) : /u, '');
  return new UsherError('USHER_ENGINE_REFUSED', `haproxy refused its configuration: ${said}`, {
    remedy:
      'See what it said: limits of the system, a version that knows less, or a VIP that moved.',
  });
}
