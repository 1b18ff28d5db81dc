import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAssignment, isOrder, type Assignment, type Report } from './protocol.ts';

/*
 * Plays a host process for the tests of whoever starts one: told what it is to be, it writes what it does
 * into the file `events` of its state directory, and misbehaves as the file `behaviour` there says.
 */

/** What a host may do wrong, by FQDN. */
export type Behaviour =
  /** Says why it cannot load, and ends. */
  | 'refuses'
  /** Ends before it says anything. */
  | 'ends at once'
  /** Falls right after its first start, not after its second. */
  | 'falls once'
  /** Keeps its old certificates. */
  | 'keeps'
  /** Does not end when told to. */
  | 'clings';

const report = (message: Report): void => void process.send?.(message);

function play({ fqdn, stateDirectory, worker }: Assignment): void {
  const wrongs = readFileSync(join(stateDirectory, 'behaviour'), 'utf8').split('\n');
  /** What the file says of this host: one host a line, `FQDN: behaviour`. */
  const is = (wrong: Behaviour): boolean => wrongs.includes(`${fqdn}: ${wrong}`);
  const who = worker === undefined ? fqdn : `${fqdn} ${worker}`;
  const note = (event: string): void =>
    appendFileSync(join(stateDirectory, 'events'), `${who} ${event}\n`);
  if (is('ends at once')) process.exit(7);
  if (is('refuses')) {
    report({
      kind: 'failed',
      code: 'USHER_CREDENTIALS_MISSING',
      message: 'no key',
      remedy: 'copy',
    });
    process.once('disconnect', () => process.exit(2));
    process.disconnect?.();
    return;
  }
  process.on('disconnect', () => process.exit(0));
  process.on('message', (order) => {
    if (!isOrder(order)) return;
    note(order.kind);
    if (order.kind === 'start') report({ kind: 'started' });
    if (order.kind === 'reload') report({ kind: 'reloaded', ok: !is('keeps') });
    if (order.kind === 'drain') report({ kind: 'drained' });
    if (order.kind === 'close' && !is('clings')) process.exit(0);
    const fallen = join(stateDirectory, `${fqdn}.fallen`);
    if (order.kind === 'start' && is('falls once') && !existsSync(fallen)) {
      writeFileSync(fallen, '');
      process.exit(9);
    }
  });
  note('loads');
  report({ kind: 'loaded' });
}

// Imported for its types only, it does nothing.
if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  process.once('message', (message) => {
    if (isAssignment(message)) play(message);
  });
}
