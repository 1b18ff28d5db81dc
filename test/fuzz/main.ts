import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { keep } from './find.ts';
import { inputOf } from './input.ts';
import type { Report, Task } from './worker.ts';

const help = `Usage: npm run fuzz -- [options]

Feeds mutated SIP to the message parser, cut as a network may cut it, and looks for what no input may do:
throw anything but a syntax error, take longer than 100 ms, hang, leave memory behind, or be read
differently from the oracle, the slow parser the tests have. The same seed and
corpus (../shared/torture) give the same inputs.

  --runs N       inputs (default 10000000)
  --minutes M    end earlier, after so many minutes (parts of one too: 0.5)
  --seed S       0 to 2147483647 (default: a random one, which is printed)
  --compare K    ask the oracle about every K-th input (default 16)

Finds are shrunk and kept in test/corpus, where npm test replays them. Exit status: 0 nothing found,
1 something found, 2 wrong options.
`;

/** Bytes a heap may grow after warm-up: less than one a mutated input would leave behind. */
const mostGrowth = 4 * 2 ** 20;
/** Seconds without a new input after which the parser hangs. */
const patience = 20;
const corpus = fileURLToPath(new URL('../corpus', import.meta.url));

function whole(name: string, text: string, most: number): number {
  const value = /^[0-9]{1,10}$/u.test(text) ? Number(text) : -1;
  if (value < 0 || value > most) {
    throw new Error(`--${name} ${text}: a whole number up to ${most}`);
  }
  return value;
}

function minutes(text: string): number {
  const value = /^[0-9]{1,4}(?:\.[0-9]{1,3})?$/u.test(text) ? Number(text) : 0;
  if (!(value > 0 && value <= 1440)) {
    throw new Error(`--minutes ${text}: a number above 0, up to 1440`);
  }
  return value;
}

function readOptions(): Task | undefined {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '10000000' },
      minutes: { type: 'string', default: '1440' },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
      compare: { type: 'string', default: '16' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return undefined;
  const runs = whole('runs', values.runs, 2 ** 31 - 1);
  return {
    runs,
    seed: whole('seed', values.seed, 2 ** 31 - 1),
    compareEvery: Math.max(1, whole('compare', values.compare, 2 ** 31 - 1)),
    time: minutes(values.minutes) * 60_000,
    warmUp: Math.min(200_000, Math.floor(runs / 4)),
    pulse: new Int32Array(new SharedArrayBuffer(4)),
  };
}

const number = new Intl.NumberFormat('en');
const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;

/** Runs the task on a thread of its own, which this one watches; resolves to whether all was well. */
async function run(task: Task): Promise<boolean> {
  const { seed, runs, pulse } = task;
  process.stdout.write(`seed ${seed}, ${number.format(runs)} inputs\n`);
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: task });
  const begin = performance.now();
  const heaps = new Map<string, number>();
  let finds = 0;
  let done = 0;

  worker.on('message', (message: Report) => {
    if (message.kind === 'heap') {
      heaps.set(message.at, message.bytes);
      done = message.done;
      return;
    }
    finds++;
    const { kind, what, index } = message.find;
    const name = keep(corpus, message.find);
    process.stdout.write(`${kind} at input ${index}: ${what}\n  kept as test/corpus/${name}\n`);
  });

  let seen = -1;
  let still = 0;
  let seconds = 0;
  const watch = setInterval(() => {
    const index = Atomics.load(pulse, 0);
    still = index === seen ? still + 1 : 0;
    seen = index;
    if (still >= patience) {
      finds++;
      const bytes = Buffer.concat(inputOf(seed, index));
      const name = keep(corpus, { kind: 'hang', what: `${patience} s`, index, bytes });
      process.stdout.write(`hang at input ${index}\n  kept as test/corpus/${name}\n`);
      void worker.terminate();
    } else if (++seconds % 10 === 0) {
      const rate = Math.round(index / ((performance.now() - begin) / 1000));
      process.stdout.write(`${number.format(index)} inputs, ${number.format(rate)} a second\n`);
    }
  }, 1000);

  // A thread that falls over is a find of its own: nothing an input does may reach that far.
  const failure = await new Promise<Error | undefined>((resolve) => {
    worker.once('error', resolve);
    worker.once('exit', () => resolve(undefined));
  });
  clearInterval(watch);
  if (failure !== undefined) {
    process.stdout.write(
      `after input ${Atomics.load(pulse, 0)}: ${failure.stack ?? failure.message}\n`,
    );
    return false;
  }

  const took = Math.round((performance.now() - begin) / 1000);
  const before = heaps.get('warm-up');
  const after = heaps.get('end');
  const judged = before !== undefined && after !== undefined;
  const growth = judged ? after - before : 0;
  process.stdout.write(
    `${number.format(Math.max(done, Atomics.load(pulse, 0)))} inputs in ${took} s, ${finds} finds; heap ` +
      (judged
        ? `${megabytes(before)} after ${number.format(task.warmUp)} inputs, ${megabytes(after)} at the end\n`
        : 'not judged: the run ended before it was warm\n'),
  );
  if (growth > mostGrowth) process.stdout.write('The heap grew: something is kept.\n');
  return finds === 0 && growth <= mostGrowth;
}

let task: Task | undefined;
try {
  task = readOptions();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nTry --help.\n`);
  process.exit(2);
}
if (task === undefined) process.stdout.write(help);
else process.exitCode = (await run(task)) ? 0 : 1;
