import type { Command } from 'commander';
import type { Language } from '#base';

/** What a command may touch of the world around it; tests pass their own. */
export interface CliContext {
  readonly language: Language;
  /** State directory: `--state`, else `USHER_STATE`, else the command's default. */
  readonly state: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Colours and cursor movement only when standard output is a terminal and `NO_COLOR` is unset. */
  readonly colour: boolean;
  /** Width of the terminal; 100 when there is none. */
  readonly columns: number;
  /** Standard output, newline added. */
  readonly print: (text: string) => void;
  /** Standard error, newline added; for progress, warnings and errors. */
  readonly complain: (text: string) => void;
  /** Standard input as lines; ends at end of file. For passwords: never echoed on a terminal. */
  ask(question: string, options?: { hidden?: boolean }): Promise<string>;
  /** Sets the exit status: 0 as asked, 1 a negative verdict, 2 bad usage or bad topology. */
  exit(status: 0 | 1 | 2): void;
  /** Aborted by the first SIGINT or SIGTERM; long-running commands end when it is. */
  readonly interrupted: AbortSignal;
}

/** One file a command: builds the commander command; parses, calls, prints; no logic. */
export type CommandFactory = (context: CliContext) => Command;
