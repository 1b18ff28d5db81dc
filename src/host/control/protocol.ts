import { join } from 'node:path';
import { messageOf, UsherError, type Dump } from '#base';

/** What an operator may ask of a running host. */
export type ControlRequest =
  | { readonly verb: 'status' }
  /** `member`: of a balancer only. `deadline`: milliseconds. `force`: even the last member. */
  | {
      readonly verb: 'drain';
      readonly member?: string;
      readonly deadline: number;
      readonly force: boolean;
    }
  | { readonly verb: 'resume'; readonly member?: string };

/** What the host answers. */
export type ControlAnswer =
  | { readonly ok: true; readonly value: Dump }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly remedy: string;
      readonly exitStatus: 1 | 2;
    };

/** Longest request, in bytes: a verb, a name of at most 253 characters and two numbers are less. */
export const requestLimit = 4096;

/** Longest answer a client reads, in bytes; the status of a hundred members is a tenth of it. */
export const answerLimit = 4 * 1024 * 1024;

/** Longest drain that may be asked for: a day, in milliseconds. */
export const drainLimit = 86_400_000;

/** Where a running host takes requests: a socket in a directory only its account may enter. */
export function controlPath(stateDirectory: string, fqdn: string): string {
  return join(stateDirectory, 'run', `${fqdn}.sock`);
}

/**
 * Reads one line of a client.
 *
 * @throws UsherError `USHER_CONTROL_REQUEST` for anything this version does not understand
 */
export function readRequest(line: string): ControlRequest {
  const fields = parsed(line);
  const { verb, deadline, force = false } = fields;
  const member = memberOf(fields);
  if (verb === 'status') return { verb };
  if (verb === 'resume') return { verb, ...member };
  if (verb !== 'drain') throw refused('the verb is none of status, drain, resume');
  const sound = Number.isSafeInteger(deadline) && typeof deadline === 'number';
  if (!sound || deadline < 0 || deadline > drainLimit) {
    throw refused(`the deadline is no whole number of milliseconds from 0 to ${drainLimit}`);
  }
  if (typeof force !== 'boolean') throw refused('force is neither true nor false');
  return { verb, ...member, deadline, force };
}

/** Turns the outcome of `work` into an answer; never rejects. */
export async function answerOf(work: () => Promise<Dump>): Promise<ControlAnswer> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof UsherError) {
      const { code, message, remedy, exitStatus } = error;
      return { ok: false, code, message, remedy, exitStatus };
    }
    return {
      ok: false,
      code: 'USHER_UNEXPECTED',
      message: messageOf(error),
      remedy: 'This is a defect of Usher; please report it with the message above.',
      exitStatus: 2,
    };
  }
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw refused(`it is no JSON: ${messageOf(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused('it is no JSON object');
  }
  return { ...value };
}

function memberOf({ member }: Readonly<Record<string, unknown>>): { readonly member?: string } {
  if (member === undefined) return {};
  if (typeof member === 'string' && /^[\w.-]{1,253}$/u.test(member)) return { member };
  throw refused('the member is no host name');
}

function refused(why: string): UsherError {
  return new UsherError('USHER_CONTROL_REQUEST', `the request cannot be understood: ${why}`, {
    remedy: 'Use the usher command of the version that runs here.',
  });
}
