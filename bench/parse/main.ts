import { parseArgs } from 'node:util';
import { describeMachine } from '../machine/describe.ts';
import { writeSection } from '../report/section.ts';
import { ownCases, sixOf } from './cases.ts';
import { measure } from './measure.ts';
import { pageOf } from './page.ts';
import { type Peers, loadPeers } from './peers.ts';

const help = `Usage: npm run bench:parse -- [options]

Measures the message layer by itself: cutting a stream, reading six headers, editing, building. CPU time,
all cases in turns, so that a slow moment of the machine meets each of them.

  --peers DIR     measure SIP parsers of the npm registry beside it, as far as they are there:
                  npm install --prefix DIR --ignore-scripts sip drachtio-sip jssip sip.js
  --rounds N      samples of every case (default 15)
  --sample MS     CPU time of one sample (default 40)
  --write         put the result into docs/benchmarks.md
`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      peers: { type: 'string' },
      rounds: { type: 'string', default: '15' },
      sample: { type: 'string', default: '40' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return {
    ...values,
    rounds: whole('rounds', values.rounds),
    sample: whole('sample', values.sample),
  };
}

function whole(name: string, text: string): number {
  if (!/^[1-9][0-9]{0,4}$/u.test(text)) {
    throw new Error(`--${name} ${text}: a whole number from 1 to 99999`);
  }
  return Number(text);
}

function run({ peers: directory, rounds, sample, write }: ReturnType<typeof readOptions>): void {
  const nobody: Peers = { names: [], cases: [], notes: [] };
  const peers = directory === undefined ? nobody : loadPeers(directory, sixOf);
  const machine = describeMachine(...peers.names);
  const results = measure([...ownCases, ...peers.cases], { rounds, sample });
  const page = pageOf(results, { rounds, machine, notes: peers.notes });
  process.stdout.write(`${page}\n`);
  if (write) writeSection('parse', page);
}

let options: ReturnType<typeof readOptions>;
try {
  options = readOptions();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nTry --help.\n`);
  process.exit(2);
}
if (options.help) process.stdout.write(help);
else run(options);
