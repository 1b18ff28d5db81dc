import { isatty } from 'node:tty';

/**
 * Calls `reload` on SIGHUP, as administrators of servers expect. When the signal means that our
 * terminal was closed, it is an order to end: it becomes SIGTERM. Returns the way to stop listening.
 */
export function onHangUp(reload: () => void): () => void {
  const terminal = [0, 1, 2].find((descriptor) => isatty(descriptor));
  const hungUp = (): void => {
    // A terminal that was closed is one no more.
    if (terminal !== undefined && !isatty(terminal)) process.kill(process.pid, 'SIGTERM');
    else reload();
  };
  process.on('SIGHUP', hungUp);
  return () => void process.off('SIGHUP', hungUp);
}
