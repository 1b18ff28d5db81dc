import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { messageOf, systemErrorCode, UsherError } from '#base';

/** Labs belong to the machine, as its namespaces do, and end with it. */
const directory = '/run/usher/labs';

const schema = z.strictObject({
  name: z.string(),
  /** The topology the hosts run: that of the user, or a copy with moved addresses. */
  topologyFile: z.string(),
  stateDirectory: z.string(),
  /** Every namespace the lab has, or may have. */
  namespaces: z.array(z.string()),
  /** `making` until every host serves. */
  state: z.enum(['making', 'up']),
  /** The process that made it, and the kernel's tick at which that started. */
  maker: z.strictObject({ pid: z.number(), started: z.string() }),
});

/**
 * What a lab has on this machine. Written before any of it is made, so that whatever happens to the
 * tool, `usher lab down` knows what to remove.
 */
export type LabRecord = z.infer<typeof schema>;

/** Where a copy of the topology with moved addresses is kept. */
export function copiedTopology(name: string): string {
  return join(directory, `${name}.yaml`);
}

const fileOf = (name: string): string => join(directory, `${name}.json`);

/**
 * Reads the record of a lab; undefined when there is none.
 *
 * @throws UsherError `USHER_LAB_RECORD` when the file is not what this version wrote
 */
export async function readRecord(name: string): Promise<LabRecord | undefined> {
  const file = fileOf(name);
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw new UsherError('USHER_LAB_RECORD', `${file} cannot be read: ${messageOf(error)}`, {
      remedy: `Remove the namespaces that begin with ${name}- (ip netns del), then the file.`,
      cause: error,
    });
  }
}

/** Names of the labs of this machine. */
export async function labNames(): Promise<readonly string[]> {
  try {
    const files = await readdir(directory);
    return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -5));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Writes the record of a lab that is about to be made.
 *
 * @returns false when somebody else has written one meanwhile
 */
export async function claim(record: LabRecord): Promise<boolean> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  try {
    await writeFile(fileOf(record.name), JSON.stringify(record), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Replaces the record; whole or not at all. */
export async function rewrite(record: LabRecord): Promise<void> {
  const file = fileOf(record.name);
  await writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** The last thing to go. */
export async function forget(name: string): Promise<void> {
  await rm(copiedTopology(name), { force: true });
  await rm(fileOf(name), { force: true });
}
