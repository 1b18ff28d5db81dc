import { hkdfSync, randomBytes } from 'node:crypto';
import { UsherError } from '#base';
import { createOnce, makePrivateDirectory, pkiPaths, readIfThere } from './store.ts';

const secretLength = 32;

/**
 * The secret all hosts of the deployment share: 32 random bytes, made by the first who asks, kept
 * with mode 0600. Members verify each other's nonces and tokens with keys derived from it.
 *
 * @throws UsherError `USHER_POOL_SECRET` when the file holds something else
 */
export async function poolSecret(stateDirectory: string): Promise<Buffer> {
  const paths = pkiPaths(stateDirectory);
  let text = await readIfThere(paths.poolSecret);
  if (text === undefined) {
    await makePrivateDirectory(paths.directory);
    await createOnce(paths.poolSecret, `${randomBytes(secretLength).toString('base64')}\n`, 0o600);
    // Another process may have been first: the file decides.
    text = await readIfThere(paths.poolSecret);
  }
  return decode(paths.poolSecret, text ?? '');
}

/**
 * The same secret for a host that serves: one that made its own would understand nobody's nonces and
 * tokens, so it is read and never made.
 *
 * @throws UsherError `USHER_POOL_SECRET` when there is none, or something else in its file
 */
export async function readPoolSecret(stateDirectory: string): Promise<Buffer> {
  const paths = pkiPaths(stateDirectory);
  const text = await readIfThere(paths.poolSecret);
  if (text !== undefined) return decode(paths.poolSecret, text);
  throw new UsherError('USHER_POOL_SECRET', `${paths.poolSecret} does not exist`, {
    remedy:
      'Copy it from where the deployment was made; usher pki init makes it for a new deployment.',
  });
}

function decode(file: string, text: string): Buffer {
  const secret = Buffer.from(text, 'base64');
  if (secret.length !== secretLength) {
    throw new UsherError('USHER_POOL_SECRET', `${file} does not hold 32 bytes`, {
      remedy: 'Copy the file anew from another host of the deployment.',
    });
  }
  return secret;
}

/** A key of 32 bytes for one purpose (HKDF-SHA-256, RFC 5869); different labels, unrelated keys. */
export function deriveKey(secret: Buffer, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'usher', label, secretLength));
}
