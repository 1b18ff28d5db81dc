import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import type { Server } from 'node:net';
import { dirname } from 'node:path';
import { messageOf, UsherError } from '#base';
import { makePrivateDirectory } from '#trust';

/** Longest path of a socket on Linux, in bytes (`sun_path` of unix(7) without its end). */
const pathLimit = 107;

/**
 * Refuses a path no socket can have (`USHER_CONTROL_PATH`), and makes the directory for it, which only its
 * owner may enter.
 */
export async function prepareSocket(path: string): Promise<void> {
  const length = Buffer.byteLength(path);
  if (length > pathLimit) {
    throw new UsherError(
      'USHER_CONTROL_PATH',
      `${path} has ${length} bytes; a socket's path has at most ${pathLimit}`,
      { remedy: 'Name a state directory with a shorter path (--state DIR).' },
    );
  }
  await makePrivateDirectory(dirname(path));
}

/** Lets `server` listen on a Unix socket only this account may use; rejects with `USHER_CONTROL_LISTEN`. */
export async function listenPrivately(server: Server, path: string): Promise<void> {
  try {
    server.listen(path);
    await once(server, 'listening');
    await chmod(path, 0o600);
  } catch (error) {
    server.close();
    throw new UsherError('USHER_CONTROL_LISTEN', `${path}: ${messageOf(error)}`, {
      remedy: 'Name a state directory this account may write to, on a disk of this machine.',
      cause: error,
    });
  }
  server.on('error', () => {
    // An accept that failed costs that client only.
  });
}
