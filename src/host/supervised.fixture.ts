import { pino } from 'pino';
import { UsherError } from '#base';
import { runSupervised } from './supervised.ts';

/*
 * A supervised host that writes what it is told to standard output. Its first argument says what it
 * does wrong: `unloadable` has no key, `broken` throws on start; anything else does nothing wrong.
 */

const say = (what: string): void => void process.stdout.write(`${what}\n`);

if (process.send !== undefined) {
  const [, , flaw = 'none'] = process.argv;
  await runSupervised(
    {
      async load() {
        if (flaw !== 'unloadable') return;
        throw new UsherError('USHER_CREDENTIALS_MISSING', 'no key', { remedy: 'Copy it.' });
      },
      async start() {
        if (flaw === 'broken') throw new Error('out of luck');
        say('start');
      },
      async reload() {
        say('reload');
        return flaw !== 'keeps';
      },
      async control({ verb }) {
        say(`control ${verb}`);
        return { ok: true, value: verb };
      },
      async drain(deadline) {
        say(`drain ${deadline}`);
      },
      async close() {
        say('close');
      },
      dump: () => ({}),
    },
    1234,
    pino({}, process.stderr),
  );
}
