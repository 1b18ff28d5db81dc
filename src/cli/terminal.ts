import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { UsherError } from '#base';
import type { CliContext } from './context.ts';
import type { GlobalArguments } from './arguments.ts';

/** The real terminal of this process as a command sees it. */
export function terminal(
  global: GlobalArguments,
  environment: Readonly<Record<string, string | undefined>>,
): CliContext & { readonly status: () => number } {
  let status = 0;
  const interrupted = new AbortController();
  // The second signal is the user's last word: default handling ends the process.
  const interrupt = (): void => interrupted.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  return {
    language: global.language,
    state: global.state,
    environment,
    colour: process.stdout.isTTY && environment['NO_COLOR'] === undefined,
    columns: process.stdout.columns ?? 100,
    print: (text) => void process.stdout.write(`${text}\n`),
    complain: (text) => void process.stderr.write(`${text}\n`),
    ask,
    exit(next) {
      status = next;
    },
    interrupted: interrupted.signal,
    status: () => status,
  };
}

/** Piped input, read as one stream of lines: each question takes the next one. */
let piped: AsyncIterator<string> | undefined;

/**
 * Asks on standard error, so that standard output stays clean for pipes.
 *
 * @throws UsherError `USHER_INPUT_ENDED` when standard input has no line left
 */
async function ask(question: string, options: { hidden?: boolean } = {}): Promise<string> {
  process.stderr.write(question);
  if (!process.stdin.isTTY) {
    piped ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    const { value, done } = await piped.next();
    process.stderr.write('\n');
    if (done !== true) return value;
    throw new UsherError('USHER_INPUT_ENDED', 'standard input ended before every question', {
      remedy: 'Give one line for each question, or answer with flags (--help lists them).',
    });
  }
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({
    input: process.stdin,
    output: options.hidden === true ? silent : process.stderr,
    terminal: true,
  });
  try {
    return await reader.question('');
  } finally {
    reader.close();
    if (options.hidden === true) process.stderr.write('\n');
  }
}
