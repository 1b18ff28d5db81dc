import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { channel } from '#base';
import type { Listener } from '#ports';
import { describeChainFault, type ChainFault, type TrustAnchors } from './anchors.ts';
import { fingerprint, identitiesOf } from './certificate.ts';
import { anchorsInForce } from './in-force.ts';

/** Why a peer was refused. */
export type RefusalCode =
  | ChainFault['code']
  | 'no-certificate'
  | 'name-not-admitted'
  | 'resumed'
  | 'chain'
  | 'unknown-listener';

/** A peer that may not speak on a listener. */
export interface Refusal {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  /** Names in the peer's certificate; what it claims, not what it proved. */
  readonly presented: readonly string[];
  /** Hosts whose certificate the listener admits. */
  readonly expected: readonly string[];
  /** One sentence for the log: who, where, what was expected and presented. */
  readonly message: string;
}

/** Who is at the other end: a host of the topology, a client, or nobody we talk to. */
export type Admission =
  | { readonly kind: 'server'; readonly fqdn: string }
  | { readonly kind: 'client' }
  | Refusal;

/** Every refusal, as it happens. */
export const refusals = channel<{
  readonly listener: Listener;
  /** `address:port` of the peer. */
  readonly remote: string;
  readonly admission: Refusal;
}>('usher:trust:refused');

/**
 * Decides who a peer is, before a byte of its protocol is read. The listener's options come from
 * `serverTls`.
 *
 * A trusted server chains to the configured CA, is in force, and has a name that is one of the
 * listener's `trustedPeers` (RFC 5922; a pool name beside it does not matter). On a listener that
 * lets in clients without certificate, one that proves nothing counts as none — unless it is
 * revoked, or claims to be one of the trusted peers: those are refused with the reason.
 *
 * @param now milliseconds since the epoch
 */
export function admit(socket: TLSSocket, listener: Listener, now = Date.now()): Admission {
  if (listener.security !== 'MTLS') return { kind: 'client' };
  const admission = judge(socket, listener, now);
  if (admission.kind === 'refused' && refusals.active) {
    refusals.publish({ listener, remote: remoteOf(socket), admission });
  }
  return admission;
}

function judge(socket: TLSSocket, listener: Listener, now: number): Admission {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) {
    return listener.anonymousClients
      ? { kind: 'client' }
      : refuse(socket, listener, undefined, 'no-certificate', 'presented no certificate');
  }
  const presented = identitiesOf(certificate);
  const host = presented.find((name) => listener.trustedPeers.includes(name));
  const fault = faultOf(socket, certificate, anchorsInForce(socket), now);
  if (fault === undefined && host !== undefined) return { kind: 'server', fqdn: host };
  if (listener.anonymousClients && host === undefined && fault?.code !== 'revoked') {
    return { kind: 'client' };
  }
  return fault === undefined
    ? refuse(
        socket,
        listener,
        certificate,
        'name-not-admitted',
        'names no host this listener admits',
      )
    : refuse(socket, listener, certificate, fault.code, fault.reason);
}

/**
 * Verdicts of OpenSSL that ours overrules. It reports the last error it met, and these are the
 * first it looks for: whatever else it found is not hidden behind them, but the state of the chain
 * is, and that has been judged here. `INVALID_PURPOSE`: no clientAuth, as Lync issues certificates.
 * The others: the anchor is an issuing CA without its root, which Node's servers cannot be told of.
 */
const overruled: ReadonlySet<unknown> = new Set([
  'INVALID_PURPOSE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

interface Fault {
  readonly code: RefusalCode;
  readonly reason: string;
}

function faultOf(
  socket: TLSSocket,
  certificate: X509Certificate,
  anchors: TrustAnchors | undefined,
  now: number,
): Fault | undefined {
  if (anchors === undefined) {
    return { code: 'unknown-listener', reason: 'came to a listener without a CA' };
  }
  const fault = anchors.judge(certificate, issuersOf(certificate), now);
  if (fault?.code === 'foreign-ca' && socket.isSessionReused()) {
    // A session keeps the certificate of the peer, and none of the CAs between it and the anchor.
    return { code: 'resumed', reason: 'cannot be judged by what a resumed session shows of it' };
  }
  if (fault !== undefined) return { code: fault.code, reason: describeChainFault(fault) };
  const verdict: unknown = socket.authorizationError;
  if (socket.authorized || overruled.has(verdict)) return undefined;
  return { code: 'chain', reason: `was rejected by OpenSSL (${String(verdict)})` };
}

function issuersOf(certificate: X509Certificate): X509Certificate[] {
  const issuers: X509Certificate[] = [];
  let next = certificate.issuerCertificate;
  while (next !== undefined && issuers.length < 8) {
    issuers.push(next);
    next = next.issuerCertificate;
  }
  return issuers;
}

function refuse(
  socket: TLSSocket,
  listener: Listener,
  certificate: X509Certificate | undefined,
  code: RefusalCode,
  reason: string,
): Refusal {
  const presented = certificate === undefined ? [] : identitiesOf(certificate);
  const expected = listener.trustedPeers;
  const where = `${listener.service} of ${listener.host} (${listener.address}:${listener.port})`;
  const what =
    certificate === undefined
      ? `it ${reason}`
      : `its certificate ${reason}; presented ${some(presented)}, sha256 ${fingerprint(certificate)}`;
  return {
    kind: 'refused',
    code,
    presented,
    expected,
    message: `Refused ${remoteOf(socket)} at ${where}: ${what}; expected ${some(expected)}`,
  };
}

/** At most eight names: a hostile certificate must not fill the log. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(', ') || 'no name';
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}

function remoteOf(socket: TLSSocket): string {
  return `${socket.remoteAddress ?? 'closed'}:${socket.remotePort ?? 0}`;
}
