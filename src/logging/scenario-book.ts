import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemErrorCode, UsherError, type Cancel, type Clock } from '#base';
import type { RecordingPolicy } from './policy.ts';
import { readScenarios } from './scenario-file.ts';
import { alwaysOnScenario, policyOf, running, type Scenario } from './scenario.ts';

/** Milliseconds after which a change made by another process of the host is seen. */
const rereadInterval = 1000;

/**
 * The scenarios of one host, kept in `<directory>/scenarios.json` so that they outlive a restart and
 * reach every process of the host. AlwaysOn runs from the first start on; stopping it is remembered.
 */
export class ScenarioBook {
  readonly #path: string;
  readonly #directory: string;
  readonly #clock: Clock;
  #scenarios: readonly Scenario[] = [];
  #readAt = '';
  #cancel: Cancel | undefined;
  #fault: string | null = null;

  constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#path = join(directory, 'scenarios.json');
    this.#clock = clock;
  }

  /** Why the file could not be read last time, or null; the scenarios known before stay. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Reads the file, or writes it with AlwaysOn running, and looks again every second. */
  async start(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await chmod(this.#directory, 0o700);
    await this.refresh();
    if (this.#readAt === '') await this.#write([alwaysOnScenario(this.#clock.now())]);
    this.#watch();
  }

  /** The scenarios running now. */
  current(): readonly Scenario[] {
    return running(this.#scenarios, this.#clock.now());
  }

  /** What they ask of the recorder; null: nothing is recorded. */
  policy(): RecordingPolicy | null {
    return policyOf(this.current());
  }

  /** Starts a scenario or replaces the one of the same name. */
  async put(scenario: Scenario): Promise<void> {
    await this.refresh();
    const others = this.current().filter((other) => other.name !== scenario.name);
    await this.#write([...others, scenario]);
  }

  /** Stops a scenario; false when it was not running. */
  async remove(name: string): Promise<boolean> {
    await this.refresh();
    const before = this.current();
    const after = before.filter((scenario) => scenario.name !== name);
    if (after.length === before.length) return false;
    await this.#write(after);
    return true;
  }

  /** Sets a new end for one scenario, or for all that have one; resolves with those changed. */
  async extend(name: string | undefined, endsAt: number): Promise<readonly Scenario[]> {
    await this.refresh();
    const chosen = (scenario: Scenario): boolean =>
      scenario.endsAt !== null && (name === undefined || scenario.name === name);
    const next = this.current().map((one) => (chosen(one) ? { ...one, endsAt } : one));
    const changed = next.filter(chosen);
    if (changed.length > 0) await this.#write(next);
    return changed;
  }

  /** Reads the file again when it has changed. */
  async refresh(): Promise<void> {
    try {
      const { mtimeNs, size } = await stat(this.#path, { bigint: true });
      const version = `${mtimeNs}-${size}`;
      if (version === this.#readAt) return;
      const content: unknown = JSON.parse(await readFile(this.#path, 'utf8'));
      this.#scenarios = readScenarios(content);
      this.#readAt = version;
      this.#fault = null;
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return;
      this.#fault = `${this.#path}: ${messageOf(error)}`;
      if (this.#readAt === '') {
        throw new UsherError(
          'USHER_LOG_SCENARIOS',
          `The scenarios cannot be read: ${this.#fault}`,
          {
            remedy: 'Delete the file to begin with AlwaysOn, or repair it.',
            cause: error,
          },
        );
      }
    }
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  async #write(scenarios: readonly Scenario[]): Promise<void> {
    const draft = `${this.#path}.${process.pid}`;
    await writeFile(draft, `${JSON.stringify({ scenarios }, null, 2)}\n`, { mode: 0o600 });
    await rename(draft, this.#path);
    this.#readAt = '';
    this.#scenarios = scenarios;
    await this.refresh();
  }

  #watch(): void {
    this.#cancel = this.#clock.after(rereadInterval, () => {
      // A fault is kept in `fault` and told by the status service.
      this.refresh().then(
        () => this.#cancel !== undefined && this.#watch(),
        () => this.#cancel !== undefined && this.#watch(),
      );
    });
  }
}
