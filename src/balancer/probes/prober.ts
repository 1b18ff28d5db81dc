import type { Socket } from 'node:net';
import { messageOf, systemErrorCode } from '#base';
import { causeOf, isOwnFailure } from '../policy/cause.ts';
import type { FailureCause, ProbeOutcome } from '../policy/health.ts';
import type { ProbeTarget } from '../targets.ts';

/**
 * Plays the row of one service against one member. Never rejects: everything that can go wrong is an
 * outcome. An aborted `signal` ends it at once; its reason is the time that ran out.
 */
export type Prober = (target: ProbeTarget, signal: AbortSignal) => Promise<ProbeOutcome>;

/** A probe that failed for a reason of its own, e.g. an answer other than the one asked for. */
export class ProbeFailure extends Error {
  readonly outcome: Exclude<ProbeOutcome, { kind: 'healthy' }>;

  constructor(outcome: Exclude<ProbeOutcome, { kind: 'healthy' }>) {
    super(outcome.reason);
    this.name = 'ProbeFailure';
    this.outcome = outcome;
  }
}

/** Why a probe was aborted, in words that follow "nothing" ("… within 1000 ms"). */
export class ProbeTimeout extends Error {
  constructor(milliseconds: number) {
    super(`within ${milliseconds} ms`);
    this.name = 'ProbeTimeout';
  }
}

/** Runs the steps of a probe and turns whatever they throw into an outcome that names the step. */
export async function probe(
  signal: AbortSignal,
  steps: (entering: (step: string) => void) => Promise<string>,
): Promise<ProbeOutcome> {
  let step = 'connect';
  try {
    const reason = await steps((next) => {
      step = next;
    });
    return { kind: 'healthy', reason };
  } catch (error) {
    if (error instanceof ProbeFailure) return error.outcome;
    if (signal.aborted) {
      return {
        kind: 'failed',
        cause: 'timeout',
        reason: `${step}: nothing ${messageOf(signal.reason)}`,
      };
    }
    const code = systemErrorCode(error);
    if (isOwnFailure(code)) {
      return { kind: 'unable', reason: `the balancer cannot probe: ${messageOf(error)}` };
    }
    return {
      kind: 'failed',
      cause: causeAt(step, code),
      reason: `${step}: ${messageOf(error)}`,
    };
  }
}

function causeAt(step: string, code: string | undefined): FailureCause {
  if (step === 'connect') return causeOf(code);
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'reset';
  // OpenSSL's own failures; everything else in a handshake is about the certificate.
  if (code?.startsWith('ERR_SSL_') === true) return 'tls';
  return step === 'TLS' ? 'identity' : 'protocol';
}

/** Resolves with the first of the named events; rejects on error, on close and on abort. */
export function heard(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal) {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const closed = (): void => {
    reject(Object.assign(new Error('the member closed the connection'), { code: 'ECONNRESET' }));
  };
  const aborted = (): void => reject(signal.reason);
  socket.once(event, resolve);
  socket.once('error', reject);
  socket.once('close', closed);
  signal.addEventListener('abort', aborted);
  if (signal.aborted) aborted();
  return promise.finally(() => {
    socket.off(event, resolve);
    socket.off('error', reject);
    socket.off('close', closed);
    signal.removeEventListener('abort', aborted);
  });
}
