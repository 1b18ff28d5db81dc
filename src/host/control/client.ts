import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { messageOf, systemErrorCode, UsherError } from '#base';
import { answerLimit, controlPath } from './protocol.ts';
import type { ControlRequest } from './protocol.ts';

/** Milliseconds a host may take to answer. */
const patience = 10_000;

/**
 * Asks the host of this name, which runs on this machine with this state directory.
 *
 * @throws UsherError `USHER_HOST_NOT_RUNNING`, `USHER_CONTROL_FORBIDDEN`, `USHER_CONTROL_ANSWER`, or
 * what the host itself refuses with
 */
export async function askHost(
  stateDirectory: string,
  fqdn: string,
  request: ControlRequest,
): Promise<unknown> {
  const path = controlPath(stateDirectory, fqdn);
  const socket = connect(path);
  socket.setTimeout(patience, () => socket.destroy(new Error(`no answer in ${patience} ms`)));
  try {
    await connected(socket, fqdn, path);
    socket.write(`${JSON.stringify(request)}\n`);
    return valueOf(await lineFrom(socket), fqdn);
  } finally {
    socket.destroy();
  }
}

async function connected(socket: Socket, fqdn: string, path: string): Promise<void> {
  try {
    await once(socket, 'connect');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EACCES' || code === 'EPERM') {
      throw new UsherError('USHER_CONTROL_FORBIDDEN', `this account may not use ${path}`, {
        remedy: 'Run the command as root or as the account the host runs under: sudo -u usher …',
        cause: error,
      });
    }
    throw new UsherError('USHER_HOST_NOT_RUNNING', `${fqdn} does not run here: ${path}: ${code}`, {
      remedy: 'Start it, or name the state directory it was started with (--state DIR).',
      exitStatus: 1,
      cause: error,
    });
  }
}

async function lineFrom(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of socket) {
      const bytes: Buffer = chunk;
      chunks.push(bytes);
      size += bytes.length;
      if (size > answerLimit) throw new Error(`more than ${answerLimit} bytes`);
    }
  } catch (error) {
    throw answerFault(messageOf(error));
  }
  return Buffer.concat(chunks).toString('utf8');
}

function valueOf(line: string, fqdn: string): unknown {
  let answer: unknown;
  try {
    answer = JSON.parse(line);
  } catch {
    throw answerFault(`${fqdn} ended the connection before its answer was whole`);
  }
  if (typeof answer !== 'object' || answer === null) throw answerFault('it is no object');
  const { ok, value, code, message, remedy, exitStatus }: Readonly<Record<string, unknown>> = {
    ...answer,
  };
  if (ok === true) return value;
  throw new UsherError(String(code), String(message), {
    remedy: String(remedy),
    exitStatus: exitStatus === 1 ? 1 : 2,
  });
}

function answerFault(why: string): UsherError {
  return new UsherError('USHER_CONTROL_ANSWER', `the host gave no usable answer: ${why}`, {
    remedy: 'See in its log whether it is well; try again.',
    exitStatus: 1,
  });
}
