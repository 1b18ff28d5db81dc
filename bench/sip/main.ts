import { parseArgs } from 'node:util';
import { describeMachine, versionOf } from '../machine/describe.ts';
import type { Started } from '../machine/program.ts';
import { writeSection } from '../report/section.ts';
import { Bed, type Place } from './bed.ts';
import { driverInC, type Drive, ours, sourceOfC } from './drivers.ts';
import { kamailioMissing, startKamailio } from './kamailio.ts';
import { type Job, medianOf, sample, type Sample, shapes } from './measure.ts';
import { pageOf, type Row } from './page.ts';

const help = `Usage: npm run bench:sip -- [options]

Measures the Director's work side by side with Kamailio, in turns, for 1, 8 and 64 connections: REGISTER
answered with the home pool, the same with Digest, and MESSAGE relayed to an answering sink. Everything
it needs it makes under a temporary directory: certificates, 100,000 users, a Director under
"usher serve". Takes below 6 minutes. Without Kamailio (apt install kamailio kamailio-tls-modules)
Usher is measured alone.

  --quick               one round of short runs, below 90 seconds
  --rounds N            rounds the medians are of (default 3)
  --seconds S           of every run (default 3)
  --driver usher|sipload   who makes the load (default usher, our own)
  --sipload FILE        source of the driver in C (default ../shared/bench/sipload.c)
  --write               put the result into docs/benchmarks.md
`;

const jobs: readonly Job[] = [
  { name: 'redirect', method: 'REGISTER', as: 'load', status: 301, target: 2 },
  {
    name: 'redirect, Digest MD5',
    method: 'REGISTER',
    as: 'client',
    password: 'pw',
    status: 301,
    target: 2,
  },
  { name: 'relay', method: 'MESSAGE', as: 'load', status: 200, target: 6 },
];
const sha256: Job = {
  name: 'redirect, Digest SHA-256',
  method: 'REGISTER',
  as: 'client',
  password: 'pw',
  status: 301,
};
const limit: Job = { name: 'limit', method: 'REGISTER', as: 'load', status: 200 };

/** A server that can be measured at a job. */
interface Rival {
  readonly name: 'usher' | 'kamailio' | 'sink';
  readonly place: Place;
  readonly program: Started;
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    driver: { type: 'string', default: 'usher' },
    sipload: { type: 'string', default: sourceOfC },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function above0(text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (value > 0) return value;
  process.stderr.write(`${text} is no number above 0; try --help\n`);
  process.exit(2);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function measure(
  bed: Bed,
  drive: Drive,
  job: Job,
  rivals: readonly [Rival, ...Rival[]],
  rounds: number,
  seconds: number,
): Promise<Row[]> {
  // What is compiled and cached on the way to a steady state is nobody's daily rate.
  const [warmUp] = shapes;
  for (const rival of rivals) await attempt(bed, drive, rival, job, warmUp, seconds / 2);
  const rows: Row[] = [];
  for (const shape of shapes) {
    const samples = new Map<string, Sample[]>(rivals.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const rival of rivals) {
        const one = await attempt(bed, drive, rival, job, shape, seconds);
        if (one !== undefined) samples.get(rival.name)?.push(one);
      }
    }
    const kamailios = samples.get('kamailio') ?? [];
    const row: Row = {
      job,
      connections: shape.connections,
      measured: medianOf(samples.get(rivals[0].name) ?? []),
      kamailio: kamailios.length === 0 ? undefined : medianOf(kamailios),
    };
    say(`  ${job.name}, ${shape.connections}: ${words(row)}`);
    rows.push(row);
  }
  return rows;
}

/** One sample; undefined where the peer broke off under the load, which is said and ends nothing. */
async function attempt(
  bed: Bed,
  drive: Drive,
  rival: Rival,
  ...[job, shape, seconds]: [job: Job, shape: (typeof shapes)[number], seconds: number]
): Promise<Sample | undefined> {
  try {
    return await sample(bed, drive, rival, job, shape, seconds);
  } catch (cause) {
    if (rival.name !== 'kamailio') throw cause;
    say(`  ${job.name}: Kamailio broke off under the load`);
    return undefined;
  }
}

function words({ measured, kamailio }: Row): string {
  if (kamailio === undefined) return rateOf(measured);
  const ratio = (measured.perSecond / kamailio.perSecond).toFixed(2);
  return `${rateOf(measured)}; Kamailio ${rateOf(kamailio)}; ${ratio} times its rate`;
}

function rateOf({ perSecond, cpu }: Sample): string {
  return `${Math.round(perSecond)}/s, ${cpu.toFixed(1)} µs CPU`;
}

async function main(): Promise<void> {
  const rounds = above0(values.rounds, values.quick ? 1 : 3);
  const seconds = above0(values.seconds, values.quick ? 1 : 3);
  say('making certificates and 100,000 users');
  await using bed = await Bed.make();
  const drive = values.driver === 'sipload' ? driverInC(bed, values.sipload) : ours;
  if (typeof drive === 'string') {
    process.stderr.write(`${drive}\n`);
    process.exitCode = 2;
    return;
  }
  const missing = kamailioMissing();
  if (missing !== undefined) say(missing);
  const kamailioVersion = versionOf('/usr/sbin/kamailio', '-v')?.replace('version: ', '');
  const machine = describeMachine(missing === undefined ? kamailioVersion : undefined);
  const { director } = bed;
  const [sinkPlace = director] = bed.frontEnds;
  const sink: Rival = { name: 'sink', place: sinkPlace, program: await bed.startSink() };
  const beside = (last: number): Place => ({
    address: director.address.replace(/\d+$/u, String(last)),
    port: director.port,
  });
  const rival = async (last: number, digest: 'none' | 'MD5' | 'SHA-256'): Promise<Rival[]> => {
    if (missing !== undefined) return [];
    const place = beside(last);
    return [{ name: 'kamailio', place, program: await startKamailio(bed, place, digest) }];
  };
  const usher = async (digest: readonly string[]): Promise<Rival> => {
    return { name: 'usher', place: director, program: await bed.startUsher(digest) };
  };

  say(`raw limit: the driver against the answering sink`);
  const limits = await measure(bed, drive, limit, [sink], rounds, seconds);
  const headroom = await compareDrivers(bed, sink, rounds, seconds);

  const plain = await rival(21, 'none');
  const withMd5 = await rival(22, 'MD5');
  const first = await usher(['MD5', 'SHA-256']);
  const rows: Row[] = [];
  for (const job of jobs) {
    say(job.name);
    const others = job.password === undefined ? plain : withMd5;
    rows.push(...(await measure(bed, drive, job, [first, ...others], rounds, seconds)));
  }
  await first.program.end();
  const second = await usher(['SHA-256', 'MD5']);
  say(sha256.name);
  const withSha256 = await rival(23, 'SHA-256');
  rows.push(...(await measure(bed, drive, sha256, [second, ...withSha256], rounds, seconds)));

  const settings = { driver: values.driver, rounds, seconds, machine };
  const page = pageOf(rows, limits, headroom, settings);
  say(`\n${page}`);
  if (values.write) writeSection('sip', page);
}

/** How many times the rate of the driver in C ours reaches, against the same sink; by connections. */
async function compareDrivers(
  bed: Bed,
  sink: Rival,
  rounds: number,
  seconds: number,
): Promise<ReadonlyMap<number, number>> {
  const ratios = new Map<number, number>();
  const inC = driverInC(bed, values.sipload);
  if (typeof inC === 'string') {
    say(`headroom of the driver is not compared: ${inC}`);
    return ratios;
  }
  for (const shape of shapes) {
    const mine: Sample[] = [];
    const theirs: Sample[] = [];
    for (let round = 0; round < rounds; round += 1) {
      mine.push(await sample(bed, ours, sink, limit, shape, seconds / 2));
      theirs.push(await sample(bed, inC, sink, limit, shape, seconds / 2));
    }
    const ratio = medianOf(mine).perSecond / medianOf(theirs).perSecond;
    ratios.set(shape.connections, ratio);
    say(`  our driver, ${shape.connections}: ${ratio.toFixed(2)} times the rate of the one in C`);
  }
  return ratios;
}

if (values.help) process.stdout.write(help);
else await main();
