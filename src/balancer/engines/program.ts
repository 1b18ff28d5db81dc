import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { messageOf, systemErrorCode, UsherError } from '#base';

/** A program an engine works with. */
export interface Tool {
  /** Its name on PATH, or where Debian keeps what administers a machine. */
  readonly name: string;
  /** The package of Debian that brings it. */
  readonly debian: string;
}

/** PATH of an ordinary account lacks the folders in which these programs are. */
const environment = {
  ...process.env,
  PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
  LC_ALL: 'C',
};

/** What a program said and how it ended. */
export interface Outcome {
  readonly status: number | null;
  readonly output: string;
  readonly complaint: string;
}

/**
 * Runs a program to its end and resolves with what it said, whatever its exit status.
 *
 * @throws UsherError `USHER_ENGINE_PROGRAM` when it is not installed
 */
export async function run(tool: Tool, args: readonly string[], input = ''): Promise<Outcome> {
  const child = await launch(tool, args);
  // A program that refuses its input at once closes it; how it ends says why.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error(`${tool.name} has no pipes`);
  const ended = once(child, 'close');
  const [output, complaint] = await Promise.all([text(stdout), text(stderr)]);
  await ended;
  return { status: child.exitCode, output, complaint: complaint.trim() };
}

/**
 * Starts a program with pipes; resolves when it runs.
 *
 * @throws UsherError `USHER_ENGINE_PROGRAM` when it is not installed
 */
export async function launch(tool: Tool, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(tool.name, args, { env: environment, stdio: 'pipe' });
  try {
    await once(child, 'spawn');
  } catch (error) {
    const missing = systemErrorCode(error) === 'ENOENT';
    throw new UsherError(
      'USHER_ENGINE_PROGRAM',
      missing
        ? `The engine needs the program ${tool.name}, which is not here.`
        : `The engine cannot run ${tool.name}: ${messageOf(error)}.`,
      {
        remedy: `Install it (apt install ${tool.debian}), or write "engine: embedded" in the topology.`,
        cause: error,
      },
    );
  }
  return child;
}

/**
 * Makes sure that a program is there and new enough. `asked` is the argument that makes it tell its
 * version, `needed` the oldest one that does.
 *
 * @throws UsherError `USHER_ENGINE_PROGRAM`
 */
export async function needVersion(tool: Tool, asked: string, needed: string): Promise<void> {
  const { output } = await run(tool, [asked]);
  const found = /\d+(?:\.\d+)+/u.exec(output)?.[0];
  if (found !== undefined && !olderThan(found, needed)) return;
  throw new UsherError(
    'USHER_ENGINE_PROGRAM',
    `The engine needs ${tool.name} ${needed} or newer; here is ${found ?? 'one that tells no version'}.`,
    {
      remedy: `Install a newer ${tool.debian} (Debian 12 has one), or write "engine: embedded" in the topology.`,
    },
  );
}

/** Compares versions number by number. */
export function olderThan(found: string, needed: string): boolean {
  const has = found.split('.').map(Number);
  for (const [index, part] of needed.split('.').map(Number).entries()) {
    const mine = has[index] ?? 0;
    if (mine !== part) return mine < part;
  }
  return false;
}
