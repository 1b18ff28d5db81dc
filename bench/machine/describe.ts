import { spawnSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** First line a program prints, or undefined when it is not there. */
export function versionOf(command: string, ...args: readonly string[]): string | undefined {
  const { stdout, status } = spawnSync(command, [...args], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n')[0]?.trim() : undefined;
}

/**
 * On what, and of what, the numbers are: one line for people who want to compare. Called before the first
 * run, the load average tells what else the machine had to do.
 */
export function describeMachine(...peers: readonly (string | undefined)[]): string {
  const [cpu] = cpus();
  const facts = [
    `${cpu?.model ?? 'unknown CPU'}, ${cpus().length} cores`,
    `${Math.round(totalmem() / 2 ** 30)} GB`,
    `Linux ${release()}`,
    `load average before ${(loadavg()[0] ?? 0).toFixed(1)}`,
    `Node ${process.versions.node}`,
    `OpenSSL ${process.versions.openssl}`,
    ...peers,
    `commit ${versionOf('git', 'rev-parse', '--short', 'HEAD') ?? 'unknown'}`,
  ];
  const day = new Date().toISOString().slice(0, 10);
  return `${facts.filter((fact) => fact !== undefined).join('; ')}; ${day}.`;
}
