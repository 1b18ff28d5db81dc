import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second in /proc (USER_HZ, the same on every Linux we run on). */
const ticks = 100;

/** What a program and everything it has started used up and hold. */
export interface Usage {
  /** Seconds of CPU, user and system, since they started. */
  readonly cpu: number;
  /** Bytes resident; pages several of them share count once. */
  readonly memory: number;
}

/** Usage of a process and all its descendants. */
export function usageOf(pid: number): Usage {
  let cpu = 0;
  let memory = 0;
  for (const each of familyOf(pid)) {
    cpu += cpuOf(each);
    memory += memoryOf(each);
  }
  return { cpu, memory };
}

/** The process and its descendants. */
export function familyOf(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/u.test(entry)) continue;
    const parent = Number(fieldsOf(Number(entry))[1] ?? -1);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const family = [pid];
  for (const each of family) family.push(...(children.get(each) ?? []));
  return family;
}

/** Fields of /proc/PID/stat behind the name, from the state on (proc_pid_stat(5), field 3). */
function fieldsOf(pid: number): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    // It ended meanwhile.
    return [];
  }
}

function cpuOf(pid: number): number {
  const fields = fieldsOf(pid);
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticks;
}

function memoryOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    return Number(/^Pss:\s+(\d+)/mu.exec(text)?.[1] ?? 0) * 1024;
  } catch {
    // It ended meanwhile, or is another account's.
    return 0;
  }
}
