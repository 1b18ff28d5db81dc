import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createAuthority, signRevocationList } from './authority.ts';
import { pemBlocks } from './pem.ts';
import {
  normalSerial,
  readRevocationList,
  readRevocationLists,
  reasonNames,
  type Revocation,
  type RevocationList,
} from './revocation.ts';

const now = new Date('2026-11-22T12:00:00Z');

test('a list reads back as it was signed, every reason included', async () => {
  const authority = await createAuthority('CA', now);
  const revoked = reasonNames.map((reason, index): Revocation => ({
    serial: `4${index}AB`,
    at: now,
    reason,
  }));
  const pem = await signRevocationList(authority, revoked, now);
  const [list] = readRevocationLists(pem);
  assert.ok(list !== undefined);
  assert.deepEqual([...list.revoked.values()], revoked);
  assert.equal(list.nextUpdate?.toISOString(), '2027-12-25T12:00:00.000Z');
  assert.equal(list.issuedBy(new X509Certificate(authority.certificate)), true);
  const other = await createAuthority('CA', now);
  assert.equal(list.issuedBy(new X509Certificate(other.certificate)), false);
});

test('dates beyond 2049 read as well (GeneralizedTime)', async () => {
  const far = new Date('2050-06-01T00:00:00Z');
  const authority = await createAuthority('CA', far);
  const pem = await signRevocationList(
    authority,
    [{ serial: '1', at: far, reason: 'unspecified' }],
    far,
  );
  const [list] = readRevocationLists(pem);
  assert.deepEqual(list?.revoked.get('1')?.at, far);
});

test('serial numbers compare without leading zeros and regardless of case', () => {
  assert.equal(normalSerial('00ab'), 'AB');
  assert.equal(normalSerial('0'), '0');
});

test('a damaged list never crashes the reader, and what is signed cannot be changed', async () => {
  const authority = await createAuthority('CA', now);
  const ca = new X509Certificate(authority.certificate);
  const pem = await signRevocationList(
    authority,
    [{ serial: '41', at: now, reason: 'keyCompromise' }],
    now,
  );
  const [block] = pemBlocks(pem, 'X509 CRL');
  const der = block?.der ?? Buffer.alloc(0);
  const original = readRevocationList(der);
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = Buffer.from(der);
      damaged[at] = (damaged[at] ?? 0) ^ change;
      const list = readOrNothing(damaged);
      if (list?.issuedBy(ca) !== true) return;
      // The wrapping around the signed part is nobody's promise.
      assert.deepEqual([list.thisUpdate, list.revoked], [original.thisUpdate, original.revoked]);
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.throws(() => readRevocationList(Buffer.from(bytes)), Error);
    }),
    { numRuns: 300 },
  );
});

function readOrNothing(der: Buffer): RevocationList | undefined {
  try {
    return readRevocationList(der);
  } catch {
    return undefined;
  }
}
