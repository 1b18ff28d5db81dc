import { spawn } from 'node:child_process';
import { messageOf, systemErrorCode, UsherError } from '#base';

/** Longest output kept of a command, in bytes; rules of a device are a tenth of it. */
const longestOutput = 64 * 1024 * 1024;

/**
 * Runs a program of the system and resolves with what it printed.
 *
 * @param input what it reads on standard input
 * @throws UsherError `USHER_LAB_TOOL` when it is not installed, `USHER_LAB_COMMAND` when it fails
 */
export function command(program: string, args: readonly string[], input = ''): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  const complaint: Buffer[] = [];
  let size = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > longestOutput) child.kill('SIGKILL');
    else output.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => complaint.push(chunk));
  // A program that ends without reading everything has said why.
  child.stdin.on('error', () => {});
  child.on('error', (error) => reject(absent(program, error)));
  child.on('close', (code, signal) => {
    if (code === 0) resolve(Buffer.concat(output).toString('utf8'));
    else {
      const words = Buffer.concat(complaint).toString('utf8').trim();
      const how = signal ?? `exit status ${code}`;
      reject(
        new UsherError('USHER_LAB_COMMAND', `${program} ${args.join(' ')}: ${words || how}`, {
          remedy: 'See what the program says; "usher lab down" removes what is there already.',
        }),
      );
    }
  });
  child.stdin.end(input);
  return promise;
}

function absent(program: string, error: Error): UsherError {
  const missing = systemErrorCode(error) === 'ENOENT';
  return new UsherError(
    'USHER_LAB_TOOL',
    missing ? `${program} is not installed` : `${program}: ${messageOf(error)}`,
    { remedy: 'Install iproute2 and nftables (apt-get install iproute2 nftables).', cause: error },
  );
}
