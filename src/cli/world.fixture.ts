import { PassThrough, Readable, Writable } from 'node:stream';
import type { World } from './terminal.ts';

/** A process made of memory: what is typed, and what was written. */
export interface FakeWorld extends World {
  readonly out: () => string;
  readonly errors: () => string;
  readonly stdout: Writable & { isTTY?: boolean; columns?: number };
}

/** @param typed what stands on standard input, which is no terminal */
export function fakeWorld(
  typed = '',
  env: Readonly<Record<string, string | undefined>> = {},
): FakeWorld {
  const written = { out: '', errors: '' };
  const sink = (where: 'out' | 'errors'): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written[where] += chunk.toString('utf8');
        done();
      },
    });
  return {
    stdin: typed === '' ? new PassThrough().end() : Readable.from([Buffer.from(typed)]),
    stdout: sink('out'),
    stderr: sink('errors'),
    env,
    out: () => written.out,
    errors: () => written.errors,
  };
}
