import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Load } from '../load/driver.ts';
import { runLoad, type LoadResult } from '../load/threads.ts';
import type { Bed } from './bed.ts';

const run = promisify(execFile);

/** Who makes the load: our own driver, or the one in C, when its source and a compiler are there. */
export type Drive = (load: Load) => Promise<LoadResult>;

export const ours: Drive = (load) => runLoad(load);

/** The source of the driver in C, beside the repository; it is no part of it. */
export const sourceOfC = fileURLToPath(new URL('../../../shared/bench/sipload.c', import.meta.url));

/** Compiles the driver in C; a string says why it cannot be used. */
export function driverInC(bed: Bed, source: string): Drive | string {
  if (!existsSync(source)) return `${source} is not there`;
  const binary = bed.path('sipload');
  try {
    execFileSync('gcc', ['-O2', '-w', '-o', binary, source, '-lssl', '-lcrypto'], {
      stdio: 'ignore',
    });
  } catch {
    return 'gcc cannot compile the driver in C (apt install gcc libc6-dev libssl-dev)';
  }
  return async (load) => {
    const probe = await call(binary, load, 4000);
    // It takes a number of requests, not a time.
    const total = Math.max(4000, Math.round(probe.perSecond * (load.seconds ?? 1)));
    return call(binary, load, load.total ?? total);
  };
}

async function call(binary: string, load: Load, total: number): Promise<LoadResult> {
  const { address, port, connections, window, method, users, domain, files, password } = load;
  const numbers = [port, connections, window, total].map(String);
  const args = ['uac', address, ...numbers, method, String(users), domain];
  const { stdout } = await run(binary, [...args, files.certificate, files.key, files.ca], {
    env: { ...process.env, ...(password === undefined ? {} : { SIPLOAD_PASSWORD: password }) },
  });
  const told: unknown = JSON.parse(stdout);
  const count = (name: string): number => {
    const value: unknown =
      typeof told === 'object' && told !== null ? Reflect.get(told, name) : undefined;
    return typeof value === 'number' ? value : 0;
  };
  const answered = count('answered');
  const classes = ['2xx', '3xx', '4xx', '5xx', '6xx'];
  return {
    answered,
    statuses: Object.fromEntries(classes.map((name) => [name, count(name)])),
    unanswered: total - answered,
    seconds: count('seconds'),
    perSecond: count('per_second'),
    p50: count('p50_us'),
    p99: count('p99_us'),
    highest: count('max_us'),
  };
}
