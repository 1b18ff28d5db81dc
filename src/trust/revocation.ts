import { verify, type KeyObject, type X509Certificate } from 'node:crypto';
import { derChildren, derOid, derTime, readDer, tags, type DerElement } from './der.ts';
import { pemBlocks } from './pem.ts';

/** RFC 5280 section 5.3.1; the number is the value in the CRL. */
export const revocationReasons = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const;
export type RevocationReason = keyof typeof revocationReasons;

/** The names of the reasons, as people write them. */
export const reasonNames = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
] as const satisfies readonly RevocationReason[];

/** One line of a revocation list. */
export interface Revocation {
  /** Upper-case hexadecimal without leading zeros. */
  readonly serial: string;
  readonly at: Date;
  readonly reason: RevocationReason;
}

/** A revocation list as read from its file; whose it is shows `issuedBy`. */
export interface RevocationList {
  readonly thisUpdate: Date;
  /** Undefined when the list names no time of the next one. */
  readonly nextUpdate: Date | undefined;
  readonly revoked: ReadonlyMap<string, Revocation>;
  /** True when the key of this CA signed the list. */
  issuedBy(ca: X509Certificate): boolean;
}

/** Hash of each signature algorithm; null where the algorithm brings its own. RSASSA-PSS is left out. */
const hashes: Readonly<Record<string, string | null>> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.3.101.112': null,
};

/** A serial number as `X509Certificate` prints it, made comparable. */
export function normalSerial(hexadecimal: string): string {
  return hexadecimal.toUpperCase().replace(/^0+(?=.)/u, '');
}

/**
 * Reads every list of a PEM text (`X509 CRL` blocks, RFC 7468 section 7).
 *
 * @throws Error when a block is no revocation list
 */
export function readRevocationLists(pem: string): RevocationList[] {
  return pemBlocks(pem, 'X509 CRL').map((block) => readRevocationList(block.der));
}

/** Reads one DER revocation list (RFC 5280 section 5.1). */
export function readRevocationList(der: Buffer): RevocationList {
  const outer = readDer(der);
  const [signed, algorithm, signature] = outer.tag === tags.sequence ? derChildren(outer) : [];
  if (
    signed?.tag !== tags.sequence ||
    algorithm === undefined ||
    signature?.tag !== tags.bitString
  ) {
    throw new Error('no certificate revocation list');
  }
  const fields = derChildren(signed);
  if (fields[0]?.tag === tags.integer) fields.shift();
  // What is left: signature algorithm, issuer, thisUpdate, [nextUpdate], [revoked], [extensions].
  const thisUpdate = derTime(fields[2]);
  if (thisUpdate === undefined) throw new Error('a revocation list without its date');
  const nextUpdate = derTime(fields[3]);
  const list = fields[nextUpdate === undefined ? 3 : 4];
  const revoked = new Map<string, Revocation>();
  if (list?.tag === tags.sequence) {
    for (const entry of derChildren(list)) {
      const revocation = readEntry(entry);
      revoked.set(revocation.serial, revocation);
    }
  }
  const oid = readOid(algorithm);
  return {
    thisUpdate,
    nextUpdate,
    revoked,
    issuedBy: (ca) => signedBy(ca.publicKey, oid, signed.whole, signature.content.subarray(1)),
  };
}

function readEntry(entry: DerElement): Revocation {
  const [serial, date, extensions] = derChildren(entry);
  const at = derTime(date);
  if (serial?.tag !== tags.integer || at === undefined) {
    throw new Error('a revocation without serial number or date');
  }
  return {
    serial: normalSerial(serial.content.toString('hex')),
    at,
    reason: readReason(extensions),
  };
}

function readReason(extensions: DerElement | undefined): RevocationReason {
  for (const extension of extensions === undefined ? [] : derChildren(extensions)) {
    const parts = derChildren(extension);
    const [id, value] = [parts[0], parts.at(-1)];
    if (id === undefined || value === undefined || derOid(id) !== '2.5.29.21') continue;
    const number = readDer(value.content).content[0];
    return reasonNames.find((name) => revocationReasons[name] === number) ?? 'unspecified';
  }
  return 'unspecified';
}

function readOid(algorithm: DerElement): string {
  const id = derChildren(algorithm)[0];
  return id === undefined ? '' : derOid(id);
}

function signedBy(key: KeyObject, oid: string, data: Buffer, signature: Buffer): boolean {
  const hash = hashes[oid];
  if (hash === undefined) return false;
  try {
    return verify(hash, data, key, signature);
  } catch {
    // A key of another type than the signature: another CA's list.
    return false;
  }
}
