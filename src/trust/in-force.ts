import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { TrustAnchors } from './anchors.ts';
import type { Credentials } from './credentials.ts';

/** Anchors already read, as long as the credentials they came from live. */
const read = new WeakMap<Credentials, TrustAnchors>();

/**
 * The anchors each listener judges its peers by, under the fingerprint of the certificate the
 * listener itself presents: that is what a connection can still tell about its server.
 */
const inForce = new Map<string, TrustAnchors>();

/** The anchors of these credentials, read once. */
export function anchorsOf(credentials: Credentials): TrustAnchors {
  const known = read.get(credentials);
  if (known !== undefined) return known;
  const anchors = new TrustAnchors(credentials.ca, credentials.crl);
  read.set(credentials, anchors);
  return anchors;
}

/** From now on, listeners that present this certificate judge by its CA and revocation lists. */
export function putInForce(credentials: Credentials): TrustAnchors {
  const anchors = anchorsOf(credentials);
  inForce.set(new X509Certificate(credentials.certificate).fingerprint256, anchors);
  return anchors;
}

/** The anchors of the listener an accepted connection belongs to. */
export function anchorsInForce(socket: TLSSocket): TrustAnchors | undefined {
  const own = socket.getX509Certificate();
  return own === undefined ? undefined : inForce.get(own.fingerprint256);
}
