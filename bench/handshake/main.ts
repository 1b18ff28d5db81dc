import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runLoad, type LoadResult } from '../load/threads.ts';
import { describeMachine, versionOf } from '../machine/describe.ts';
import { usageOf } from '../machine/proc.ts';
import type { Started } from '../machine/program.ts';
import { writeSection } from '../report/section.ts';
import { Bed, domain, type Place, userCount } from '../sip/bed.ts';
import { kamailioMissing, startKamailio } from '../sip/kamailio.ts';
import { Dialler, openIdle, shakeHands, untilOpen } from './dial.ts';
import { pageOf, type Measured, type Shaken } from './page.ts';

const help = `Usage: npm run bench:handshake -- [options]

Measures a Director and, when it is installed, Kamailio: mutual-TLS handshakes, full and resumed; resident
memory of an idle mutual-TLS connection; the latency a relayed MESSAGE gains at half of the highest rate.
What is started gets certificates and users of its own under a temporary directory.

  --connections N   idle ones to open (default 10000; each takes two file descriptors of the machine)
  --seconds S       of every run (default 3)
  --write           put the result into docs/benchmarks.md
`;

/** Connections opened at the same time. */
const together = 16;

/** Seconds after which a server has done what the closing of connections asks of it. */
const settling = 5;

/** Seconds after which a server at rest has put away what it needed to open the connections: V8 collects when idle. */
const rest = 40;

const { values } = parse();

function parse() {
  try {
    return parseArgs({
      options: {
        connections: { type: 'string', default: '10000' },
        seconds: { type: 'string', default: '3' },
        write: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
}

function wrong(message: string): never {
  process.stderr.write(`${message}\nTry --help.\n`);
  process.exit(2);
}

function above0(name: string, text: string): number {
  const value = Number(text);
  return value > 0 ? value : wrong(`--${name}: ${text} is no number above 0`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A server to measure, and the certificate to come with. */
interface Server {
  readonly name: string;
  readonly place: Place;
  readonly program: Started;
}

async function measure(bed: Bed, server: Server, idle: number, seconds: number): Promise<Measured> {
  const { name, place, program } = server;
  const dialler = new Dialler(place, bed.files('load'));
  await untilOpen(dialler);
  // What the first connections cost is nobody's daily bread.
  await shakeHands(dialler, false, seconds / 2, together);
  await sleep(rest * 1000);
  const empty = usageOf(program.pid).memory;
  const sockets = await openIdle(dialler, idle, together);
  say(`  ${idle} connections are open; a look at them in ${rest} seconds`);
  await sleep(rest * 1000);
  const open = sockets.filter(({ destroyed }) => !destroyed).length;
  if (open < idle) throw new Error(`${name} closed ${idle - open} of ${idle} idle connections`);
  const perConnection = (usageOf(program.pid).memory - empty) / idle;
  say(`  ${idle} idle connections: ${(perConnection / 1000).toFixed(1)} kB each`);
  for (const socket of sockets) socket.destroy();
  await sleep(settling * 1000);
  const full = await shaken(server, dialler, false, seconds);
  const resumed = await shaken(server, dialler, true, seconds);
  return { name, perConnection, full, resumed, latency: await latency(bed, place, seconds) };
}

async function shaken(
  { program }: Server,
  dialler: Dialler,
  resume: boolean,
  seconds: number,
): Promise<Shaken> {
  // The first of them brings the session.
  if (resume) await shakeHands(dialler, true, 0.5, 1);
  const before = usageOf(program.pid).cpu;
  const resumedBefore = dialler.resumed;
  const hands = await shakeHands(dialler, resume, seconds, together);
  const { made, failed } = hands;
  if (made === 0) throw new Error('Not one handshake was done');
  const perSecond = made / hands.seconds;
  const cpu = (usageOf(program.pid).cpu - before) / made;
  const share = (dialler.resumed - resumedBefore) / made;
  const kind = resume ? `resumed (${Math.round(share * 100)} % of them)` : 'full';
  say(
    `  ${kind}: ${Math.round(perSecond)} a second, ${Math.round(cpu * 1e6)} µs CPU, ${failed} failed`,
  );
  return { perSecond, failed, cpu, resumed: share };
}

/** Of MESSAGE by way of the server, at half of the rate at which it saturates, and straight to the sink. */
async function latency(bed: Bed, place: Place, seconds: number): Promise<Measured['latency']> {
  const [sink = place] = bed.frontEnds;
  const drive = (to: Place, rate?: number): Promise<LoadResult> =>
    runLoad({
      address: to.address,
      port: to.port,
      files: bed.files('load'),
      connections: 8,
      window: 32,
      method: 'MESSAGE',
      users: userCount,
      domain,
      seconds,
      rate,
    });
  const highest = await drive(place);
  const rate = highest.perSecond / 2;
  const by = await drive(place, rate);
  const straight = await drive(sink, rate);
  say(`  at ${Math.round(rate)} MESSAGE a second: p50 ${by.p50 - straight.p50} µs more`);
  return { rate, by, straight };
}

async function main(): Promise<void> {
  const idle = Math.round(above0('connections', values.connections));
  const seconds = above0('seconds', values.seconds);
  say('making certificates and users');
  await using bed = await Bed.make();
  const missing = kamailioMissing();
  if (missing !== undefined) say(missing);
  const version = versionOf('/usr/sbin/kamailio', '-v')?.replace('version: ', '');
  const machine = describeMachine(missing === undefined ? version : undefined);
  await bed.startSink();
  const { director } = bed;
  const results: Measured[] = [];
  say('Usher');
  const usher = await bed.startUsher(['SHA-256', 'MD5']);
  results.push(
    await measure(bed, { name: 'Usher', place: director, program: usher }, idle, seconds),
  );
  await usher.end();
  if (missing === undefined) {
    say('Kamailio');
    const place = { ...director, address: director.address.replace(/\d+$/u, '21') };
    const program = await startKamailio(bed, place, 'none');
    const kamailio = { name: 'Kamailio', place, program };
    const measured = await measure(bed, kamailio, idle, seconds).catch((cause: unknown) => {
      // Its own affair, and no reason to lose what was measured of ours.
      say(`Kamailio broke off: ${String(cause)}; its log ends:\n${program.lastWords}`);
    });
    if (measured !== undefined) results.push(measured);
  }
  const page = pageOf(results, { idle, seconds, machine });
  say(`\n${page}`);
  if (values.write) writeSection('handshake', page);
}

if (values.help) process.stdout.write(help);
else await main();
