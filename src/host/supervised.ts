import { messageOf, systemClock, UsherError, type Lifecycle } from '#base';
import type { ControlAnswer, ControlRequest } from './control/protocol.ts';
import type { Logger } from './log.ts';
import { isOrder, type Order, type Report } from './protocol.ts';

/** Milliseconds a host without supervisor may take to close. */
const lastResort = 10_000;

/** Milliseconds a host may take to end its transactions after SIGTERM. */
export const drainDeadline = 30_000;

/** A host as its process runs it. */
export interface Served extends Lifecycle {
  /** Reads the certificates again; resolves with false when it keeps the old ones. Never rejects. */
  reload(): Promise<boolean>;
  /** Does what an operator asks. Never rejects. */
  control(request: ControlRequest): Promise<ControlAnswer>;
}

/** A host that can make itself ready before it opens a socket. */
export interface Loadable extends Served {
  /** Reads what the host cannot do without; rejects with the reason it cannot start. */
  load(): Promise<void>;
}

/**
 * Runs one host under a supervisor: loads it and reports that, then starts, reloads, drains and closes
 * it as told. Resolves when the host is closed; a supervisor that vanishes counts as an order to close.
 * A host that cannot load or start says why to the supervisor and in its log, and ends with status 2.
 * SIGHUP and SIGTERM to this process alone do the same as to the supervisor.
 *
 * @param deadline milliseconds for the work in progress after SIGTERM
 */
export async function runSupervised(host: Loadable, deadline: number, log: Logger): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const load = async (): Promise<void> => {
    await host.load();
    report({ kind: 'loaded' });
  };
  const close = async (): Promise<void> => {
    await host.close();
    ended.resolve();
  };
  const obey = async (order: Order): Promise<void> => {
    switch (order.kind) {
      case 'start':
        await host.start();
        report({ kind: 'started' });
        return;
      case 'reload':
        report({ kind: 'reloaded', ok: await host.reload() });
        return;
      case 'drain':
        await host.drain(order.deadline);
        report({ kind: 'drained' });
        return;
      case 'control':
        report({ kind: 'controlled', answer: await host.control(order.request) });
        return;
      case 'release':
        process.off('disconnect', vanished);
        report({ kind: 'released' });
        return;
      case 'close':
        await close();
        return;
    }
  };
  const fail = async (error: unknown): Promise<void> => {
    const reason = failure(error);
    log.fatal({ code: reason.code, remedy: reason.remedy }, reason.message);
    report(reason);
    await close();
    process.exitCode = 2;
  };
  let working = Promise.resolve();
  const enqueue = (order: Order): void => {
    working = working.then(() => obey(order)).catch(fail);
  };
  // Ctrl-C reaches the whole terminal group; the supervisor decides what it means for us.
  process.on('SIGINT', () => {});
  process.on('message', (message) => {
    if (isOrder(message)) enqueue(message);
  });
  process.on('SIGHUP', () => enqueue({ kind: 'reload' }));
  process.once('SIGTERM', () => {
    enqueue({ kind: 'drain', deadline });
    enqueue({ kind: 'close' });
  });
  const vanished = (): void => {
    enqueue({ kind: 'close' });
    // Nobody is left to force us: a close that hangs must not leave an orphan on the ports.
    systemClock.after(lastResort, () => process.kill(process.pid, 'SIGKILL'));
  };
  process.once('disconnect', vanished);
  working = load().catch(fail);
  await ended.promise;
  process.off('disconnect', vanished);
  if (process.connected) process.disconnect?.();
}

function report(message: Report): void {
  process.send?.(message, () => {
    // Nobody left to hear it: 'disconnect' closes the host.
  });
}

function failure(error: unknown): Extract<Report, { kind: 'failed' }> {
  if (error instanceof UsherError) {
    const { code, message, remedy } = error;
    return { kind: 'failed', code, message, remedy };
  }
  return {
    kind: 'failed',
    code: 'USHER_UNEXPECTED',
    message: error instanceof Error ? (error.stack ?? error.message) : messageOf(error),
    remedy: 'This is a defect of Usher; please report it with the message above.',
  };
}
