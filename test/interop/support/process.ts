import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A program under test: started, read line by line, ended for certain. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #lines: string[] = [];
  #rest = '';
  #changed = Promise.withResolvers<void>();

  constructor(
    command: string,
    args: readonly string[],
    options: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
  ) {
    this.#child = spawn(command, [...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
    });
    this.#exited = once(this.#child, 'exit');
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#child.stdin?.on('error', () => {
      // The program closed its input; its output says why.
    });
    this.#child.once('exit', () => this.#changed.resolve());
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Everything written so far. */
  get output(): string {
    return [...this.#lines, this.#rest].join('\n');
  }

  /** Writes a line to standard input. */
  type(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /**
   * Resolves with the first match in the output from offset `since` on.
   *
   * @throws Error with the end of the output when `seconds` pass or the program ends first
   */
  async see(pattern: RegExp, seconds: number, since = 0): Promise<RegExpExecArray> {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      const match = pattern.exec(this.output.slice(since));
      if (match !== null) return match;
      const left = deadline - performance.now();
      if (left <= 0 || !this.running) {
        const why = this.running ? `not seen within ${seconds} s` : 'the program ended first';
        throw new Error(`${pattern}: ${why}; output:\n${this.output.slice(-6000)}`);
      }
      const timer = setTimeout(() => this.#changed.resolve(), left);
      await this.#changed.promise;
      clearTimeout(timer);
    }
  }

  /** Resolves with the exit status, or the signal that ended the program. */
  async ended(): Promise<number | string> {
    await this.#exited;
    return this.#child.exitCode ?? this.#child.signalCode ?? -1;
  }

  /** Sends a signal to this very process. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks the program to end, and after five seconds makes it. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.running) return;
    this.#child.kill(signal);
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await this.#exited;
    clearTimeout(force);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  #read(chunk: Buffer): void {
    const lines = (this.#rest + chunk.toString('utf8')).split('\n');
    this.#rest = lines.pop() ?? '';
    this.#lines.push(...lines);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
