import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UsherError } from '#base';
import type { Topology } from '#topology';
import { createRequest } from './authority.ts';
import { describeCertificate, type CertificateDescription } from './certificate.ts';
import {
  credentialFiles,
  judgeCertificate,
  parseChain,
  parseKey,
  readAnchors,
  type Finding,
} from './credentials.ts';
import { namesOf } from './names.ts';
import { requireHost, writeHostPair } from './pki.ts';
import {
  makePrivateDirectory,
  pkiPaths,
  readIfThere,
  withPkiLock,
  writeAtomically,
  type PkiPaths,
} from './store.ts';

/** The files of a certificate that comes from outside. */
export interface ImportFiles {
  /** PEM: the certificate first, then intermediates. */
  readonly certificate: string;
  /** PEM private key; undefined: the key of the pending request. */
  readonly key?: string | undefined;
}

/**
 * Puts a certificate made elsewhere in place for a host.
 *
 * @param options `force` accepts one that peers will refuse (issuer, names, dates)
 * @throws UsherError `USHER_PKI_IMPORT` when peers would refuse it, `USHER_CREDENTIALS_UNUSABLE`
 *   when key and certificate do not belong together
 */
export async function importCertificate(
  stateDirectory: string,
  topology: Topology,
  fqdn: string,
  files: ImportFiles,
  now: Date,
  options: { readonly force?: boolean } = {},
): Promise<{ certificate: CertificateDescription; findings: readonly Finding[] }> {
  const host = requireHost(topology, fqdn);
  requireOwnDirectory(topology);
  const paths = pkiPaths(stateDirectory);
  const requested = requestFiles(paths, host.fqdn);
  const keyFile = files.key ?? requested.key;
  const [certificate, key] = [await read(files.certificate), await read(keyFile)];
  const chain = parseChain(files.certificate, certificate);
  if (!chain[0].checkPrivateKey(parseKey(keyFile, key))) {
    throw new UsherError(
      'USHER_CREDENTIALS_UNUSABLE',
      `${keyFile} is not the key of ${files.certificate}`,
      { remedy: 'Name the key the certificate was requested with (--key FILE).' },
    );
  }
  const trust = credentialFiles(stateDirectory, topology, host.fqdn);
  const crl = await readIfThere(trust.crl);
  const anchors = readAnchors(trust, await read(trust.ca), crl);
  const findings = judgeCertificate(files.certificate, host.fqdn, chain, anchors, now);
  if (findings.length > 0 && options.force !== true) {
    throw new UsherError('USHER_PKI_IMPORT', findings.map((each) => each.message).join('; '), {
      remedy:
        'Import a certificate its peers accept (trust.caFile names the CA they go by), or add --force.',
    });
  }
  await withPkiLock(paths, async () => {
    await writeHostPair(paths, host.fqdn, { key, certificate });
    if (files.key === undefined) {
      await rm(requested.key, { force: true });
      await rm(requested.request, { force: true });
    }
  });
  return { certificate: describeCertificate(chain[0]), findings };
}

/**
 * Makes a key and a PKCS #10 request for a CA outside, or hands out the pending one again. The key
 * in use stays in use until the certificate is imported.
 *
 * @param options `fresh` throws the pending request and its key away
 */
export async function requestCertificate(
  stateDirectory: string,
  topology: Topology,
  fqdn: string,
  options: { readonly fresh?: boolean } = {},
): Promise<{ request: string; file: string; pending: boolean }> {
  const host = requireHost(topology, fqdn);
  requireOwnDirectory(topology);
  const paths = pkiPaths(stateDirectory);
  const files = requestFiles(paths, host.fqdn);
  return await withPkiLock(paths, async () => {
    const pending = await readIfThere(files.request);
    if (pending !== undefined && options.fresh !== true) {
      return { request: pending, file: files.request, pending: true };
    }
    const made = await createRequest(namesOf(topology, host));
    await makePrivateDirectory(paths.requests);
    await writeAtomically(files.key, made.key, 0o600);
    await writeAtomically(files.request, made.request, 0o644);
    return { request: made.request, file: files.request, pending: false };
  });
}

function requestFiles(paths: PkiPaths, fqdn: string): { key: string; request: string } {
  return {
    key: join(paths.requests, `${fqdn}.key`),
    request: join(paths.requests, `${fqdn}.csr`),
  };
}

function requireOwnDirectory(topology: Topology): void {
  const directory = topology.trust.certificateDirectory;
  if (directory === undefined) return;
  throw new UsherError(
    'USHER_PKI_NOT_OURS',
    `certificates are read from ${directory}, where Usher writes nothing`,
    { remedy: `Put <fqdn>.crt and <fqdn>.key there, or drop trust.certificateDirectory.` },
  );
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsherError('USHER_PKI_READ', `${path}: ${messageOf(error)}`, {
      remedy: 'Name a readable file; without --key, first run: usher pki request HOST',
      cause: error,
    });
  }
}
