import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOrder, type Report } from './protocol.ts';

/*
 * Plays a host process for the tests of whoever starts one: called as `usher serve HOST FILE --state
 * DIR …`, it writes what it does into DIR/events and misbehaves as DIR/behaviour says.
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

const [, fqdn = '', , , state = '.'] = process.argv.slice(2);

/** What the file `behaviour` says of this host: one host a line, `FQDN: behaviour`. */
function is(wrong: Behaviour): boolean {
  const lines = readFileSync(join(state, 'behaviour'), 'utf8').split('\n');
  return lines.includes(`${fqdn}: ${wrong}`);
}

/** Which of several workers this is, when there are several. */
const worker = process.argv.includes('--worker') ? ` ${process.argv.at(-1)}` : '';

function note(event: string): void {
  appendFileSync(join(state, 'events'), `${fqdn}${worker} ${event}\n`);
}

const report = (message: Report): void => void process.send?.(message);

function run(): void {
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
    const fallen = join(state, `${fqdn}.fallen`);
    if (order.kind === 'start' && is('falls once') && !existsSync(fallen)) {
      writeFileSync(fallen, '');
      process.exit(9);
    }
  });
  note('loads');
  report({ kind: 'loaded' });
}

// Imported for its types only, it does nothing.
if (process.send !== undefined && process.argv[2] === 'serve') run();
