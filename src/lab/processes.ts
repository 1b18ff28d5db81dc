import { readFile, readdir, readlink, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { systemErrorCode } from '#base';

/** Where `ip netns` keeps the names of namespaces. */
export const namespaceDirectory = '/run/netns';

/** Milliseconds processes may take to end by themselves. */
const patience = 3000;

/** The kernel's tick at which a process started: with its id the name of one process for ever. */
export async function startOf(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The name of the program, in brackets, may hold blanks and brackets itself (proc(5)).
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Names of the namespaces of this machine. */
export async function namespacesHere(): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(namespaceDirectory));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return new Set();
    throw error;
  }
}

/** Ids of the processes that live in one of these namespaces, by namespace. */
export async function processesIn(
  namespaces: readonly string[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const names = new Map<string, string>();
  for (const name of namespaces) {
    const found = await stat(`${namespaceDirectory}/${name}`).catch(() => undefined);
    if (found !== undefined) names.set(`net:[${found.ino}]`, name);
  }
  const processes = (await readdir('/proc')).filter((entry) => /^\d+$/u.test(entry));
  const links = await Promise.all(
    processes.map(async (pid) => ({
      pid: Number(pid),
      // Gone meanwhile, or a thread of the kernel.
      name: names.get(await readlink(`/proc/${pid}/ns/net`).catch(() => '')),
    })),
  );
  const found = new Map<string, number[]>();
  for (const { pid, name } of links) {
    if (name !== undefined) found.set(name, [...(found.get(name) ?? []), pid]);
  }
  return found;
}

/** Ends every process of these namespaces: asked first, then forced. */
export async function endProcesses(namespaces: readonly string[]): Promise<void> {
  const all = async (): Promise<readonly number[]> =>
    [...(await processesIn(namespaces)).values()].flat();
  const tell = async (signal: NodeJS.Signals): Promise<readonly number[]> => {
    const pids = await all();
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch (error) {
        if (systemErrorCode(error) !== 'ESRCH') throw error;
      }
    }
    return pids;
  };
  let left = await tell('SIGTERM');
  for (let waited = 0; left.length > 0 && waited < patience; waited += 50) {
    await pause(50);
    left = await all();
  }
  while (left.length > 0) {
    left = await tell('SIGKILL');
    await pause(20);
  }
}
