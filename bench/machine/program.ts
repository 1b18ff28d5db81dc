import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { familyOf } from './proc.ts';

const running = new Set<ChildProcess>();
let watched = false;

/** However this process ends, what it started ends with it: a program killed outright leaves its children. */
function endAllWithUs(): void {
  if (watched) return;
  watched = true;
  process.on('exit', () => {
    for (const { pid } of running) {
      for (const each of pid === undefined ? [] : familyOf(pid)) kill(each);
    }
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(130));
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

/** A program under measurement; what it writes goes to a file, so that reading it costs nobody CPU. */
export class Started {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #log: string;
  readonly #name: string;

  constructor(name: string, command: string, args: readonly string[], log: string) {
    endAllWithUs();
    const out = openSync(log, 'w', 0o600);
    this.#child = spawn(command, [...args], { stdio: ['ignore', out, out] });
    closeSync(out);
    running.add(this.#child);
    this.#exited = once(this.#child, 'exit').then(() => running.delete(this.#child));
    this.#log = log;
    this.#name = name;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Resolves when this stands in its output; throws with the end of it when it does not come. */
  async see(pattern: RegExp, seconds = 20): Promise<void> {
    const deadline = performance.now() + seconds * 1000;
    while (!pattern.test(readFileSync(this.#log, 'utf8'))) {
      const gone = this.#child.exitCode !== null || this.#child.signalCode !== null;
      if (gone || performance.now() > deadline) {
        throw new Error(`${this.#name} did not start (${String(pattern)}):\n${this.lastWords}`);
      }
      await sleep(50);
    }
  }

  /** The end of what it has written, for whoever wonders what went wrong. */
  get lastWords(): string {
    return readFileSync(this.#log, 'utf8').slice(-2000);
  }

  /** Ends it: asked first, forced after three seconds. */
  async end(): Promise<void> {
    if (!running.has(this.#child)) return;
    this.#child.kill('SIGTERM');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 3000);
    await this.#exited;
    clearTimeout(force);
  }
}
