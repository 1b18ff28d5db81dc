import { rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Cancel, Clock, Dump, Lifecycle } from '#base';
import { makePrivateDirectory } from '#trust';

/** Milliseconds between two touches; whoever watches takes a beacon of three seconds for dark. */
const pause = 500;

/** Where a balancer of a pair says that it serves. */
export function beaconPath(stateDirectory: string, fqdn: string): string {
  return join(stateDirectory, 'run', `${fqdn}.ready`);
}

/**
 * A file that is touched for as long as a host is ready, for a watcher that can only look at files: the
 * keepalived beside a balancer. A process that is killed or stuck touches it no more; one that ends in
 * order removes it, so that nobody has to wait.
 */
export class Beacon implements Lifecycle {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #ready: () => boolean;
  #cancel: Cancel = () => undefined;
  #burning = false;
  #touching: Promise<void> = Promise.resolve();

  constructor(path: string, clock: Clock, ready: () => boolean) {
    this.#path = path;
    this.#clock = clock;
    this.#ready = ready;
  }

  async start(): Promise<void> {
    await makePrivateDirectory(dirname(this.#path));
    this.#burning = true;
    await this.#touch();
    this.#plan();
  }

  #plan(): void {
    this.#cancel = this.#clock.after(pause, () => {
      // A file that cannot be touched grows old, which says what is true: this machine is not well.
      this.#touching = this.#touch().catch(() => undefined);
      this.#plan();
    });
  }

  async #touch(): Promise<void> {
    if (!this.#burning || !this.#ready()) return;
    const now = new Date();
    await writeFile(this.#path, '', { mode: 0o600, flag: 'a' });
    await utimes(this.#path, now, now);
  }

  /** Resolves when no touch is under way. */
  settled(): Promise<void> {
    return this.#touching;
  }

  async drain(): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    this.#burning = false;
    this.#cancel();
    await this.#touching;
    await rm(this.#path, { force: true });
  }

  dump(): Dump {
    return {};
  }
}
