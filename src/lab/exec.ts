import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

/** Ctrl-C reaches the program by the terminal; we wait for what it makes of it. */
const ignore = (): void => {};

/**
 * Runs a program in a namespace, on the terminal of this process, and resolves with its exit status; of
 * one ended by a signal 128 and the signal's number, as shells say it.
 */
export async function runIn(namespace: string, words: readonly string[]): Promise<number> {
  const child = spawn('ip', ['netns', 'exec', namespace, ...words], { stdio: 'inherit' });
  process.on('SIGINT', ignore);
  try {
    const [code, signal]: readonly unknown[] = await once(child, 'exit');
    if (typeof code === 'number') return code;
    const numbers: Readonly<Record<string, number>> = constants.signals;
    return 128 + (numbers[String(signal)] ?? 0);
  } finally {
    process.off('SIGINT', ignore);
  }
}
