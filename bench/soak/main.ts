import { parseArgs } from 'node:util';
import { describeMachine } from '../machine/describe.ts';
import { writeSection } from '../report/section.ts';
import { reportOf, wentWell } from './report.ts';
import { soak } from './soak.ts';

const help = `Usage: npm run soak -- [options]

Runs the Contoso deployment under mixed load of remote users (REGISTER, MESSAGE, calls with INVITE, ACK and
BYE by way of Edge, VIP, Director and Front End), kills a Front End again and again (SIGKILL; it is put
back up), renews all certificates and has them read again (SIGHUP). Good when

  - every request had a final response, but for those in a process at the moment it was killed;
  - of the requests sent while nothing failed over, 99 in 100 went well, and calls were made;
  - no process that lasts the whole run grew after warm-up: what a full collection leaves in it, and
    more loosely what is resident;
  - no event loop was held up by its own process for more than 100 ms. What the kernel says it waited
    for a processor, or this program was held up itself at the time, is the machine's doing.

  --minutes N      how long, 1 to 1440 (default 60)
  --kill S         seconds between two kills (default 60; 30 when the run is below 10 minutes)
  --reload S       seconds between two reloads (default 300; 60 when the run is below 10 minutes)
  --workers N      processes a host, where its role takes several, 1 to 16 (default 1)
  --json           print the result as JSON on standard output; progress goes to standard error
  --write          put the result into docs/benchmarks.md

Exit status: 0 good, 1 not good, 2 wrong call. The addresses are those of examples/contoso.yaml: one run
at a time, and none beside "usher up".
`;

const { values } = parse();

function parse() {
  try {
    return parseArgs({
      options: {
        minutes: { type: 'string', default: '60' },
        kill: { type: 'string' },
        reload: { type: 'string' },
        workers: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
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

function between(name: string, text: string, lowest: number, highest: number): number {
  const value = Number(text);
  if (value >= lowest && value <= highest) return value;
  return wrong(`--${name}: ${text} is no number from ${lowest} to ${highest}`);
}

async function main(): Promise<void> {
  const minutes = between('minutes', values.minutes, 1, 1440);
  const short = minutes < 10;
  const kill = between('kill', values.kill ?? (short ? '30' : '60'), 15, 3600);
  const reload = between('reload', values.reload ?? (short ? '60' : '300'), 10, 3600);
  const workers = between('workers', values.workers, 1, 16);
  const out = values.json ? process.stderr : process.stdout;
  const machine = describeMachine();
  const result = await soak({ minutes, kill, reload, workers }, (line) => out.write(`${line}\n`));
  const report = reportOf(result, machine);
  if (values.json) process.stdout.write(`${JSON.stringify({ machine, ...result }, null, 2)}\n`);
  out.write(`\n${report}\n`);
  if (values.write) writeSection(workers === 1 ? 'soak' : 'soak-workers', report);
  process.exitCode = wentWell(result) ? 0 : 1;
}

if (values.help) process.stdout.write(help);
else await main();
