import { constants, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { ConnectionOptions, PeerCertificate, TlsOptions } from 'node:tls';
import { messageOf, systemErrorCode, UsherError } from '#base';
import { addressFor } from '#topology';
import { describeChainFault, TrustAnchors } from './anchors.ts';
import { identitiesOf, namesMatch } from './certificate.ts';
import type { Credentials } from './credentials.ts';
import { anchorsOf, putInForce } from './in-force.ts';
import { mayResume, resumption } from './tickets.ts';

/** AEAD with forward secrecy, for EC and RSA certificates; the first three are those of TLS 1.3. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** Milliseconds a peer has to finish its handshake. */
const handshakeTimeout = 10_000;

/** An issuing CA may be the anchor, without the root above it. Servers of Node ignore it: `admit`. */
const partialChain = { allowPartialTrustChain: true } as const;

/** Where a connection goes, as far as trust is concerned; `Hop` of `#ports` is one. */
export interface DialTarget {
  readonly address: string;
  readonly port: number;
  /** The name the peer has to prove: the pool for a VIP, the host for a member. */
  readonly name: string;
}

/**
 * Options for a listener. On `MTLS` every peer is asked for a certificate and OpenSSL refuses
 * none: `admit` decides, first thing on the connection, and says why.
 *
 * Sessions of peers that were asked for a certificate are resumed only where the caller sees to the
 * keys of the tickets (`tickets.ts`), for OpenSSL keeps its verdict in the ticket; elsewhere never.
 *
 * @param options `anonymousClients` of the listener; clients without certificate are `admit`'s to
 *   let in, so that it changes nothing here but documents the call. `resumable` names the listener
 *   whose sessions may be resumed.
 */
export function serverTls(
  credentials: Credentials,
  security: 'TLS' | 'MTLS',
  options: { readonly anonymousClients?: boolean; readonly resumable?: string } = {},
): TlsOptions {
  putInForce(credentials);
  const mutual = security === 'MTLS';
  const { resumable } = options;
  const resumes = resumable !== undefined && (!mutual || mayResume(credentials));
  return {
    key: credentials.key,
    cert: credentials.certificate,
    ca: credentials.ca,
    requestCert: mutual,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ciphers,
    honorCipherOrder: true,
    handshakeTimeout,
    ...(resumes ? resumption(resumable) : {}),
    secureOptions:
      mutual && !resumes
        ? constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET
        : constants.SSL_OP_NO_RENEGOTIATION,
  };
}

/** The source of a connection to `address`: our own address of its family; the kernel's choice without one. */
export function sourceFor(
  own: readonly string[],
  address: string,
): { readonly localAddress?: string } {
  const localAddress = addressFor(own, address);
  return localAddress === undefined ? {} : { localAddress };
}

/**
 * Options to connect to a hop. The connection fails with a `PeerIdentityError` unless the peer's
 * certificate chains to the CA, is in force and names the hop.
 *
 * @param credentials of the host that connects; undefined for a client without certificate, which
 *   then needs `options.ca`
 * @param options `localAddress` makes the source of the row true; `wildcards` admits `*.domain`
 *   certificates (web names only)
 */
export function clientTls(
  credentials: Credentials | undefined,
  hop: DialTarget,
  options: {
    readonly localAddress?: string;
    readonly ca?: string;
    readonly wildcards?: boolean;
  } = {},
): ConnectionOptions {
  const ca = options.ca ?? credentials?.ca;
  const anchors =
    credentials !== undefined && ca === credentials.ca
      ? anchorsOf(credentials)
      : new TrustAnchors(ca ?? '', undefined);
  return {
    host: hop.address,
    port: hop.port,
    // RFC 6066: no IP literals in the server name indication.
    ...(isIP(hop.name) === 0 ? { servername: hop.name } : {}),
    ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
    ...(credentials === undefined ? {} : { key: credentials.key, cert: credentials.certificate }),
    ...(ca === undefined ? {} : { ca, ...partialChain }),
    minVersion: 'TLSv1.2',
    ciphers,
    // An agent of node:https made with these options would resume, and nobody asks who the peer of
    // a resumed session is; `TlsDialler` does.
    session: undefined,
    rejectUnauthorized: true,
    checkServerIdentity: (_name, peer) =>
      judgePeer(hop, chainOf(peer), anchors, options.wildcards ?? false, Date.now()),
  };
}

/** The peer dialled is not the one expected; both names are in the message. */
export class PeerIdentityError extends UsherError {
  readonly expected: string;
  readonly presented: readonly string[];

  constructor(expected: string, presented: readonly string[], message: string, cause?: unknown) {
    super('USHER_PEER_IDENTITY', message, {
      remedy: `Give the peer a certificate of the configured CA that names ${expected} (usher pki issue).`,
      exitStatus: 1,
      ...(cause === undefined ? {} : { cause }),
    });
    this.name = 'PeerIdentityError';
    this.expected = expected;
    this.presented = presented;
  }
}

/**
 * Why the peer that was dialled may not be talked to; undefined when it proved the name of the hop.
 *
 * @param chain its certificate, then its issuers
 * @param now milliseconds since the epoch
 */
export function judgePeer(
  hop: DialTarget,
  chain: readonly X509Certificate[],
  anchors: TrustAnchors,
  wildcards: boolean,
  now: number,
): PeerIdentityError | undefined {
  const [certificate, ...others] = chain;
  const where = `${hop.name} at ${hop.address}:${hop.port}`;
  if (certificate === undefined) {
    return new PeerIdentityError(hop.name, [], `${where} presented no certificate`);
  }
  const presented = identitiesOf(certificate);
  // Without a CA of our own the system's judged the chain, and there is no list to look at.
  const fault =
    anchors.authorities.length === 0 ? undefined : anchors.judge(certificate, others, now);
  if (fault !== undefined) {
    return new PeerIdentityError(
      hop.name,
      presented,
      `the certificate ${where} presented ${describeChainFault(fault)}`,
    );
  }
  if (namesMatch(presented, hop.name, { wildcards })) return undefined;
  return new PeerIdentityError(
    hop.name,
    presented,
    `expected ${where} to prove that name, but its certificate names ${presented.join(', ') || 'nothing'}`,
  );
}

/** The certificate and its issuers, as far as the connection knows them. */
function chainOf(peer: PeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  let next: PeerCertificate | undefined = peer;
  while (next?.raw !== undefined && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256);
    chain.push(new X509Certificate(next.raw));
    next = issuerOf(next);
  }
  return chain;
}

/** Node hands out the detailed form, whose type says less than it holds. */
function issuerOf(
  peer: PeerCertificate & { issuerCertificate?: PeerCertificate },
): PeerCertificate | undefined {
  return peer.issuerCertificate;
}

/** What OpenSSL says of a chain, as a sentence. */
const chainErrors: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is self-signed and not the configured CA',
  SELF_SIGNED_CERT_IN_CHAIN: 'was issued by a CA that is not the configured one',
  UNABLE_TO_GET_ISSUER_CERT: 'was issued by a CA that is not the configured one',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'was issued by a CA that is not the configured one',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'was issued by a CA that is not the configured one',
  CERT_SIGNATURE_FAILURE: 'carries a signature that is not of the configured CA',
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  INVALID_PURPOSE: 'is not meant for servers (no serverAuth)',
};

/**
 * Turns what `tls.connect` reports into an error with the expected name in it, when OpenSSL
 * objected to the chain; any other error is returned as it is.
 */
export function explainDialError(error: unknown, hop: DialTarget): Error {
  const code = systemErrorCode(error);
  const reason = code === undefined ? undefined : chainErrors[code];
  if (reason === undefined) return error instanceof Error ? error : new Error(messageOf(error));
  return new PeerIdentityError(
    hop.name,
    [],
    `the certificate presented for ${hop.name} at ${hop.address}:${hop.port} ${reason} (${code})`,
    error,
  );
}
