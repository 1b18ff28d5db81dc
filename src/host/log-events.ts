import { systemClock, type Clock } from '#base';
import { connectionEvents, faults } from '#sip';
import { refusals } from '#trust';
import type { Logger } from './log.ts';

/** Lines about the doings of strangers written in one second; what is beyond is only counted. */
const linesPerSecond = 20;

/**
 * Writes what every role publishes into the host's log: refused peers with what was expected and
 * presented, connections that failed, faults with their cause. A stranger who knocks without end
 * fills no disk: past 20 lines a second the rest is counted and told in one line.
 * Returns the way to stop.
 */
export function logEvents(log: Logger, clock: Clock = systemClock): () => void {
  let written = 0;
  let left = 0;
  let second = 0;
  const rationed = (write: () => void): void => {
    const now = Math.floor(clock.now() / 1000);
    if (now !== second) {
      if (left > 0) log.warn({ left }, 'more of the same, not written');
      second = now;
      written = 0;
      left = 0;
    }
    if (written++ < linesPerSecond) write();
    else left++;
  };
  const stops = [
    refusals.subscribe(({ remote, listener, admission }) => {
      const { code, expected, presented, message } = admission;
      rationed(() =>
        log.warn({ remote, service: listener.service, code, expected, presented }, message),
      );
    }),
    connectionEvents.subscribe((event) => {
      if (event.kind !== 'failed') return;
      rationed(() => log.warn({ ...event }, 'connection failed'));
    }),
    faults.subscribe((fault) => rationed(() => log.error({ ...fault }, 'SIP fault'))),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
