import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  connect,
  createServer,
  type ConnectionOptions,
  type Server,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls';
import { messageOf } from '#base';
import { loadPlan, type Listener, type Plan } from '#ports';
import { admit, type Admission } from './admission.ts';
import type { KeyAndCertificate } from './authority.ts';

/*
 * What the tests of this domain share: the Contoso plan, certificates no CA of ours would issue,
 * and a meeting of two ends over real loopback TLS.
 */

/** The plan of the commented reference deployment. */
export function contoso(): Plan {
  const file = new URL('../../examples/contoso.yaml', import.meta.url);
  const loaded = loadPlan(readFileSync(file, 'utf8'), 'contoso.yaml');
  if (!loaded.ok) throw new Error(loaded.faults.map((fault) => fault.found).join('; '));
  return loaded.plan;
}

/** A directory that is gone when the test is over. */
export async function temporaryDirectory(t: Pick<TestContext, 'after'>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'usher-trust-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A listener as the plan describes it, on the mutual-TLS side of the house. */
export function listenerOf(plan: Plan, host: string, service: Listener['service']): Listener {
  const listener = plan.listeners.find((each) => each.host === host && each.service === service);
  if (listener === undefined) throw new Error(`${host} has no ${service}`);
  return listener;
}

/** What can be wrong, or unusual, with a certificate. */
export interface Oddity {
  readonly commonName?: string;
  /** dNSName entries; none at all leaves the extension out. */
  readonly names?: readonly string[];
  /** `sip:` URIs of the subjectAltName. */
  readonly uris?: readonly string[];
  /** Extended key usages; undefined leaves the extension out. */
  readonly usages?: readonly string[];
  readonly ca?: boolean;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

export const usages = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
} as const;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
} as const;

/** A root CA as large sites have it: further CAs may stand below it. */
export async function rootAuthority(
  name: string,
  kind: 'ec' | 'rsa' = 'ec',
): Promise<KeyAndCertificate> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const signing = kind === 'ec' ? algorithm : rsa;
  const keys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    keys,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: signing,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    key: x509.PemConverter.encode(key, 'PRIVATE KEY'),
    certificate: `${certificate.toString('pem')}\n`,
  };
}

/** Signs a certificate exactly as odd as asked. */
export async function oddCertificate(
  authority: KeyAndCertificate,
  odd: Oddity,
): Promise<KeyAndCertificate> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const der = x509.PemConverter.decodeFirst(authority.key);
  const kind = createPrivateKey(authority.key).asymmetricKeyType;
  const signing = kind === 'rsa' ? rsa : algorithm;
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, signing, false, ['sign']);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const alternatives = [
    ...(odd.names ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(odd.uris ?? []).map((value) => ({ type: 'url' as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `40${randomBytes(15).toString('hex')}`,
    subject: [{ CN: [odd.commonName ?? 'odd.example'] }],
    issuer: new x509.X509Certificate(authority.certificate).subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: signing,
    notBefore: odd.notBefore ?? new Date(Date.now() - 60_000),
    notAfter: odd.notAfter ?? new Date(Date.now() + 3_600_000),
    extensions: [
      new x509.BasicConstraintsExtension(odd.ca ?? false, undefined, true),
      ...(alternatives.length === 0
        ? []
        : [new x509.SubjectAlternativeNameExtension(alternatives)]),
      ...(odd.usages === undefined ? [] : [new x509.ExtendedKeyUsageExtension([...odd.usages])]),
    ],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    key: x509.PemConverter.encode(key, 'PRIVATE KEY'),
    certificate: `${certificate.toString('pem')}\n`,
  };
}

/** A TLS server on an ephemeral loopback port, closed with the test. */
export async function serve(
  t: Pick<TestContext, 'after'>,
  options: TlsOptions,
  accept: (socket: TLSSocket) => void,
): Promise<{ server: Server; port: number }> {
  const open = new Set<TLSSocket>();
  const server = createServer(options, (socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    accept(socket);
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return { server, port: address.port };
}

/** What one attempt to connect came to. */
export interface Meeting {
  /** What the server decided; undefined when the handshake failed before. */
  readonly admission: Admission | undefined;
  /** What the client was told; undefined when the handshake succeeded. */
  readonly error: Error | undefined;
  readonly protocol: string | undefined;
  readonly resumed: boolean;
  /** The TLS session, when the server offered one to resume. */
  readonly session: Buffer | undefined;
}

/** Connects once and lets the server decide; both ends are closed afterwards. */
export async function meeting(
  t: Pick<TestContext, 'after'>,
  server: TlsOptions,
  client: ConnectionOptions,
  listener: Listener,
): Promise<Meeting> {
  let admission: Admission | undefined;
  const { port } = await serve(t, server, (socket) => {
    admission = admit(socket, listener);
    socket.end('x');
  });
  const seen = await dial({ ...client, host: '127.0.0.1', port });
  return { admission, ...seen };
}

/** Connects, waits until the server ends the connection, and says how it went. */
export async function dial(options: ConnectionOptions): Promise<Omit<Meeting, 'admission'>> {
  const socket = connect(options);
  let error: Error | undefined;
  let session: Buffer | undefined;
  socket.on('error', (each: Error) => (error ??= each));
  socket.on('session', (each: Buffer) => (session = each));
  socket.resume();
  const protocol = new Promise<string | undefined>((resolve) => {
    socket.once('secureConnect', () => resolve(socket.getProtocol() ?? undefined));
    socket.once('close', () => resolve(undefined));
  });
  const used = await protocol;
  const resumed = used !== undefined && socket.isSessionReused();
  if (!socket.closed) await once(socket, 'close').catch((cause: unknown) => messageOf(cause));
  return { error, protocol: used, resumed, session };
}

/** Serial number of the first certificate in a PEM text. */
export function serialOf(pem: string): string {
  return new X509Certificate(pem).serialNumber;
}
