/**
 * An error a person can act on: a stable code, what happened, and the way out.
 *
 * The message and the remedy never hold a secret; they may be printed and logged.
 */
export class UsherError extends Error {
  /** Stable, upper-case identifier, e.g. `USHER_PORT_TAKEN`; documented in `docs/errors.md`. */
  readonly code: string;
  /** What the reader can do about it, as a full sentence. */
  readonly remedy: string;
  /** What the command should exit with: 1 a negative verdict, 2 bad usage or bad topology. */
  readonly exitStatus: 1 | 2;

  constructor(
    code: string,
    message: string,
    options: { remedy: string; exitStatus?: 1 | 2; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'UsherError';
    this.code = code;
    this.remedy = options.remedy;
    this.exitStatus = options.exitStatus ?? 2;
  }
}

/** The code of a Node system error (`EADDRINUSE`, …), or undefined for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
