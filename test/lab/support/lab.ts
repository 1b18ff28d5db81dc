import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const usher = fileURLToPath(new URL('../../../bin/usher.js', import.meta.url));

/** Why tests of this folder cannot run here; undefined when they can. */
export const cannot: string | undefined =
  process.platform !== 'linux'
    ? 'network namespaces need Linux'
    : process.getuid?.() === 0
      ? undefined
      : 'network namespaces need root';

/** How a program ended and what it printed. */
export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end; never rejects because of its exit status. */
export function run(
  program: string,
  args: readonly string[],
  options: { readonly uid?: number; readonly input?: string } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const { uid, input } = options;
    const limits = { timeout: 280_000, maxBuffer: 64 * 1024 * 1024, encoding: 'utf8' } as const;
    const child = execFile(
      program,
      [...args],
      { ...limits, ...(uid === undefined ? {} : { uid, gid: uid }) },
      (error, out, err) => {
        const code = error === null ? 0 : error.code;
        resolve({ status: typeof code === 'number' ? code : 128, out, err });
      },
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(input ?? '');
  });
}

/** A lab of its own for one file of tests. */
export class TestLab {
  /** Every test process has its own, so that several runs can be under way. */
  readonly name: string;
  readonly state = mkdtempSync(join(tmpdir(), 'usher-lab-'));

  constructor(letter: string) {
    this.name = `lab${letter}-${process.pid.toString(36)}`;
  }

  usher(words: readonly string[], options?: Parameters<typeof run>[2]): Promise<Ended> {
    const [verb = '', ...rest] = words;
    const all = ['lab', verb, '--name', this.name, '--state', this.state, '--lang', 'en', ...rest];
    return run(process.execPath, [usher, ...all], options);
  }

  /** Runs a program in the namespace of a station. */
  inside(station: string, ...words: readonly string[]): Promise<Ended> {
    return run('ip', ['netns', 'exec', `${this.name}-${station}`, ...words]);
  }

  async close(): Promise<void> {
    await this.usher(['down']);
    rmSync(this.state, { recursive: true, force: true });
  }
}
