import { Socket } from 'node:net';
import { createInterface } from 'node:readline/promises';
import { Writable, type Readable } from 'node:stream';
import { systemErrorCode, UsherError, type Language } from '#base';
import type { CliContext } from './context.ts';
import type { GlobalArguments } from './arguments.ts';
import { texts } from './messages/main.ts';

/** The streams and the environment of a process; tests pass their own. */
export interface World {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Terminal extends CliContext {
  /** The exit status the command asked for; 0 when it asked for none. */
  readonly status: () => 0 | 1 | 2;
  /** Gives SIGINT and SIGTERM back to their default handling. */
  readonly release: () => void;
}

/** The real terminal of this process as a command sees it. */
export function terminal(global: GlobalArguments, world: World): Terminal {
  const { stdin, stdout, stderr, env } = world;
  let status: 0 | 1 | 2 = 0;
  const interrupted = new AbortController();
  // The second signal is the user's last word: default handling ends the process.
  const interrupt = (): void => interrupted.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  // A reader who has seen enough (`usher ports | head`) ends the command without a complaint.
  const broken = (error: Error): void => {
    if (systemErrorCode(error) !== 'EPIPE') throw error;
    interrupt();
  };
  stdout.on('error', broken);
  stderr.on('error', broken);
  return {
    language: global.language,
    state: global.state,
    environment: env,
    colour: wantsColour(world),
    // Some terminals say 0 when they do not know.
    columns: stdout.columns === undefined || stdout.columns === 0 ? 100 : stdout.columns,
    print: (text) => void stdout.write(`${text}\n`),
    complain: (text) => void stderr.write(`${text}\n`),
    ask: asker(stdin, stderr, global.language),
    exit(next) {
      status = next;
    },
    interrupted: interrupted.signal,
    status: () => status,
    release() {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
    },
  };
}

/** Colours on a terminal that understands them, unless `NO_COLOR` says something (no-color.org). */
function wantsColour({ stdout, env }: World): boolean {
  return stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/**
 * Asks on standard error, so that standard output stays clean for pipes. Piped input is read as one
 * stream of lines: each question takes the next one.
 *
 * The function it returns throws `USHER_INPUT_ENDED` when standard input has no line left.
 */
function asker(
  stdin: World['stdin'],
  stderr: World['stderr'],
  language: Language,
): CliContext['ask'] {
  let piped: AsyncIterator<string> | undefined;
  return async (question, options = {}) => {
    stderr.write(question);
    if (stdin.isTTY !== true) {
      piped ??= createInterface({ input: stdin })[Symbol.asyncIterator]();
      holdOpen(stdin, true);
      const { value, done } = await piped.next();
      // A pipe its writer leaves open must not keep us when nothing is asked any more.
      holdOpen(stdin, false);
      stderr.write('\n');
      if (done !== true) return value;
      throw new UsherError('USHER_INPUT_ENDED', texts.inputEnded[language], {
        remedy: texts.inputEndedRemedy[language],
      });
    }
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    const reader = createInterface({
      input: stdin,
      output: options.hidden === true ? silent : stderr,
      terminal: true,
    });
    try {
      return await reader.question('');
    } finally {
      reader.close();
      if (options.hidden === true) stderr.write('\n');
    }
  };
}

/** Whether standard input, when it is a pipe, keeps the process alive; a file ends by itself. */
function holdOpen(stdin: World['stdin'], hold: boolean): void {
  if (!(stdin instanceof Socket)) return;
  if (hold) stdin.ref();
  else stdin.unref();
}
