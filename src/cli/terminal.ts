import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
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

/** Asks on standard error, so that standard output stays clean for pipes. */
async function ask(question: string, options: { hidden?: boolean } = {}): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const visible = options.hidden !== true || !process.stdin.isTTY;
  const reader = createInterface({
    input: process.stdin,
    output: visible ? process.stderr : silent,
    terminal: process.stdin.isTTY,
  });
  try {
    if (!visible) process.stderr.write(question);
    return await reader.question(visible ? question : '');
  } finally {
    reader.close();
    if (!visible) process.stderr.write('\n');
  }
}
