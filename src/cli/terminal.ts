import { Socket } from 'node:net';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { UsherError, type Language } from '#base';
import type { CliContext } from './context.ts';
import type { GlobalArguments } from './arguments.ts';
import { texts } from './messages/main.ts';

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
    ask: (question, options) => ask(global.language, question, options),
    exit(next) {
      status = next;
    },
    interrupted: interrupted.signal,
    status: () => status,
  };
}

/** Piped input, read as one stream of lines: each question takes the next one. */
let piped: AsyncIterator<string> | undefined;

/** Whether standard input, when it is a pipe, keeps the process alive; a file ends by itself. */
function holdOpen(hold: boolean): void {
  if (!(process.stdin instanceof Socket)) return;
  if (hold) process.stdin.ref();
  else process.stdin.unref();
}

/**
 * Asks on standard error, so that standard output stays clean for pipes.
 *
 * @throws UsherError `USHER_INPUT_ENDED` when standard input has no line left
 */
async function ask(
  language: Language,
  question: string,
  options: { hidden?: boolean } = {},
): Promise<string> {
  process.stderr.write(question);
  if (!process.stdin.isTTY) {
    piped ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    holdOpen(true);
    const { value, done } = await piped.next();
    // A pipe its writer leaves open must not keep us when nothing is asked any more.
    holdOpen(false);
    process.stderr.write('\n');
    if (done !== true) return value;
    throw new UsherError('USHER_INPUT_ENDED', texts.inputEnded[language], {
      remedy: texts.inputEndedRemedy[language],
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
