import { dirname, join } from 'node:path';
import { messageOf, UsherError, type Dump } from '#base';
import { makePrivateDirectory, readIfThere, writeAtomically } from '#trust';

/** Where a host keeps what has to outlive its process. */
export function keptPath(stateDirectory: string, fqdn: string): string {
  return join(stateDirectory, 'run', `${fqdn}.json`);
}

/** A small JSON file that readers see whole or not at all; mode 0600. */
export class KeptFile {
  readonly path: string;
  #next: Dump | undefined;
  #writing: Promise<void> | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * What is in the file, undefined without one.
   *
   * @throws UsherError `USHER_KEPT_FILE` when it is damaged
   */
  async read(): Promise<unknown> {
    const text = await readIfThere(this.path);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      throw this.damaged(messageOf(error));
    }
  }

  /** For whoever finds the content of the file to be wrong. */
  damaged(why: string): UsherError {
    return new UsherError('USHER_KEPT_FILE', `${this.path} is damaged: ${why}`, {
      remedy: 'Delete it; then ask again for the drains that were in it.',
    });
  }

  /** Resolves when `value`, or a later one, is on the disk. */
  save(value: Dump): Promise<void> {
    this.#next = value;
    this.#writing ??= this.#write();
    return this.#writing;
  }

  async #write(): Promise<void> {
    try {
      await makePrivateDirectory(dirname(this.path));
      while (this.#next !== undefined) {
        const text = `${JSON.stringify(this.#next)}\n`;
        this.#next = undefined;
        // One after the other by design: the last value is the one that stays.
        await writeAtomically(this.path, text, 0o600);
      }
    } catch (error) {
      throw new UsherError('USHER_KEPT_WRITE', `${this.path}: ${messageOf(error)}`, {
        remedy: 'Make room, or the directory writable, and ask again: a restart would forget it.',
        exitStatus: 1,
        cause: error,
      });
    } finally {
      this.#next = undefined;
      this.#writing = undefined;
    }
  }
}
