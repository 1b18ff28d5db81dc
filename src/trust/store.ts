import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, systemErrorCode, UsherError } from '#base';

/** Where everything of trust lies under a state directory. */
export interface PkiPaths {
  readonly directory: string;
  readonly caKey: string;
  readonly caCertificate: string;
  readonly revocations: string;
  readonly hosts: string;
  /** Every certificate the CA ever signed, by serial number: what `revoke` needs later. */
  readonly issued: string;
  /** Keys of requests that wait for the certificate of an outside CA. */
  readonly requests: string;
  readonly poolSecret: string;
  readonly lock: string;
}

/** The files of trust under `stateDirectory`; creates nothing. */
export function pkiPaths(stateDirectory: string): PkiPaths {
  const directory = join(stateDirectory, 'pki');
  return {
    directory,
    caKey: join(directory, 'ca.key'),
    caCertificate: join(directory, 'ca.crt'),
    revocations: join(directory, 'ca.crl'),
    hosts: join(directory, 'hosts'),
    issued: join(directory, 'issued'),
    requests: join(directory, 'requests'),
    poolSecret: join(directory, 'pool.secret'),
    lock: join(directory, 'lock'),
  };
}

/** Creates a directory only its owner may enter, parents included; tightens one that exists. */
export async function makePrivateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
  } catch (error) {
    throw new UsherError('USHER_PKI_WRITE', `${path}: ${messageOf(error)}`, {
      remedy: 'Name a state directory this account may write to (--state DIR).',
      cause: error,
    });
  }
}

/** The text of a file, or undefined when there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw new UsherError('USHER_PKI_READ', `${path}: ${messageOf(error)}`, {
      remedy: 'Make the file readable for the account Usher runs under.',
      cause: error,
    });
  }
}

/** Replaces a file in one step: readers see the old text or the new, never a part. */
export async function writeAtomically(path: string, text: string, mode: number): Promise<void> {
  const temporary = await writeTemporary(path, text, mode);
  try {
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary);
    throw error;
  }
}

/** Creates a file unless it exists; resolves to false, having changed nothing, when it does. */
export async function createOnce(path: string, text: string, mode: number): Promise<boolean> {
  const temporary = await writeTemporary(path, text, mode);
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(temporary);
  }
}

async function writeTemporary(path: string, text: string, mode: number): Promise<string> {
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
  const file = await open(temporary, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    // Half a key, on a full disk: nobody would ever remove it.
    await unlink(temporary);
    throw error;
  } finally {
    await file.close();
  }
  return temporary;
}

/** Milliseconds a process waits for another one that changes the same PKI. */
const lockPatience = 15_000;

/** Tasks of this process, one chain per lock: the file lock only holds off other processes. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Runs `task` while no other process and no other task of this one changes the PKI.
 *
 * The lock is SQLite's on an empty database: the kernel lets go of it when its holder dies, so that
 * no stale lock file has to be judged.
 *
 * @throws UsherError `USHER_PKI_BUSY` after 15 seconds
 */
export async function withPkiLock<T>(paths: PkiPaths, task: () => Promise<T>): Promise<T> {
  const before = queues.get(paths.lock) ?? Promise.resolve();
  const mine = before.then(
    () => locked(paths, task),
    () => locked(paths, task),
  );
  queues.set(paths.lock, mine);
  try {
    return await mine;
  } finally {
    if (queues.get(paths.lock) === mine) queues.delete(paths.lock);
  }
}

async function locked<T>(paths: PkiPaths, task: () => Promise<T>): Promise<T> {
  await makePrivateDirectory(paths.directory);
  const { DatabaseSync } = await import('node:sqlite');
  const lock = new DatabaseSync(paths.lock);
  try {
    const end = Date.now() + lockPatience;
    for (;;) {
      try {
        lock.exec('BEGIN EXCLUSIVE');
        break;
      } catch (error) {
        if (!/locked|busy/iu.test(messageOf(error)) || Date.now() > end) {
          throw new UsherError('USHER_PKI_BUSY', `${paths.lock}: ${messageOf(error)}`, {
            remedy: 'Wait until the other usher process has ended, then try again.',
            cause: error,
          });
        }
        await sleep(20);
      }
    }
    return await task();
  } finally {
    lock.close();
  }
}
