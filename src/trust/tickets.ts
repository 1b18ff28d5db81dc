import { createHash, hkdfSync, X509Certificate } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import type { Credentials } from './credentials.ts';
import { anchorsOf } from './in-force.ts';

/** Milliseconds one ticket key is used; a ticket is good for no longer. */
export const ticketEpoch = 4 * 3_600_000;

/** What OpenSSL takes: 16 bytes of name, 16 for HMAC, 16 for AES. */
const ticketKeyLength = 48;

/** Digests of what tickets are bound to, as long as the credentials they are of live. */
const generations = new WeakMap<Credentials, Buffer>();

/**
 * The keys session tickets are made and read with at this time. They are bound to the certificate, the CA
 * and the revocation lists in force and to the hour: whatever changes, older tickets are worth nothing,
 * and the connection begins with a full handshake. All processes that share the secret agree.
 *
 * @param secret of the deployment: who has it, and a recording of a TLS 1.2 connection, can read that;
 *   TLS 1.3 agrees on new keys when it resumes
 * @param now milliseconds since the epoch
 */
export function ticketKeys(secret: Buffer, credentials: Credentials, now: number): Buffer {
  const generation = generationOf(credentials);
  const label = `tls tickets of ${credentials.fqdn} ${Math.floor(now / ticketEpoch)}`;
  return Buffer.from(hkdfSync('sha256', secret, generation, label, ticketKeyLength));
}

function generationOf(credentials: Credentials): Buffer {
  let generation = generations.get(credentials);
  if (generation === undefined) {
    const { certificate, ca, crl = '' } = credentials;
    generation = createHash('sha256')
      .update(JSON.stringify([certificate, ca, crl]))
      .digest();
    generations.set(credentials, generation);
  }
  return generation;
}

/**
 * Whether a peer can be judged by what a ticket keeps: its own certificate, not those of CAs between it
 * and the anchor. A host with such CAs above it has peers with them.
 */
export function mayResume(credentials: Credentials): boolean {
  const own = new X509Certificate(credentials.certificate);
  return anchorsOf(credentials).issuedDirectly(own);
}

/**
 * What a listener that resumes sessions adds to its TLS options. The context names the listener, so that
 * no other takes its sessions.
 */
export function resumption(context: string): TlsOptions {
  return {
    sessionTimeout: ticketEpoch / 1_000,
    // 32 bytes are the most OpenSSL takes.
    sessionIdContext: createHash('sha256').update(context).digest('base64url').slice(0, 32),
  };
}
