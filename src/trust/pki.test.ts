import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmod, readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { UsherError } from '#base';
import type { Topology } from '#topology';
import { createAuthority } from './authority.ts';
import { describeCertificate } from './certificate.ts';
import { loadCredentials } from './credentials.ts';
import { contoso, oddCertificate, temporaryDirectory } from './trust.fixture.ts';
import { inventory } from './inventory.ts';
import { importCertificate, requestCertificate } from './outside.ts';
import { ensurePki, issueHost, revokeCertificates } from './pki.ts';
import { deriveKey, poolSecret, readPoolSecret } from './secret.ts';
import { pkiPaths } from './store.ts';

const { topology } = contoso();
const host = 'dir01.contoso.net';
const now = new Date('2026-11-22T12:00:00Z');
const later = (days: number): Date => new Date(now.getTime() + days * 86_400_000);
const code = (expected: string) => (error: unknown) =>
  error instanceof UsherError && error.code === expected;
const file = (state: string, name: string): string => join(pkiPaths(state).hosts, name);
const serial = async (state: string, fqdn: string): Promise<string> =>
  describeCertificate(await readFile(file(state, `${fqdn}.crt`), 'utf8')).serial;

/** Every file below a directory, with its mode. */
async function modes(directory: string): Promise<Map<string, number>> {
  const names = await readdir(directory, { recursive: true });
  const entries = names.map(async (name): Promise<[string, number]> => {
    return [name, (await stat(join(directory, name))).mode & 0o777];
  });
  return new Map(await Promise.all(entries));
}

describe('ensurePki', () => {
  test('makes a CA, a list and one certificate a host, and nothing the second time', async (t) => {
    const state = await temporaryDirectory(t);
    const first = await ensurePki(state, topology, now);
    assert.equal(first.created, true);
    assert.deepEqual(first.issued.length, 8);
    const before = await serial(state, host);
    assert.deepEqual(await ensurePki(state, topology, later(300)), {
      created: false,
      issued: [],
      kept: [],
    });
    assert.equal(await serial(state, host), before);
  });

  test('issues what the facts ask for', async (t) => {
    const state = await temporaryDirectory(t);
    await ensurePki(state, topology, now);
    const pem = await readFile(file(state, `${host}.crt`), 'utf8');
    const certificate = new X509Certificate(pem);
    const { subject, names, key, notBefore, notAfter } = describeCertificate(pem);
    assert.equal(subject, 'CN=dirpool01.contoso.net');
    assert.deepEqual(names, [
      'dirpool01.contoso.net',
      'dir01.contoso.net',
      'webdirext.contoso.com',
      'meet.contoso.com',
      'dialin.contoso.com',
      'admin.contoso.com',
      'lyncdiscoverinternal.contoso.com',
      'lyncdiscover.contoso.com',
      'sip.contoso.com',
    ]);
    assert.equal(key, 'ec prime256v1');
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    assert.equal((notAfter.getTime() - notBefore.getTime()) / 86_400_000, 398);
    assert.match(
      certificate.raw.toString('latin1'),
      /http:\/\/dirpool01\.contoso\.net\/crl\/ca\.crl/u,
    );
    const edge = describeCertificate(await readFile(file(state, 'edge01.contoso.net.crt'), 'utf8'));
    assert.deepEqual(edge.names, ['edge01.contoso.net', 'sip.contoso.com']);
  });

  test('keeps keys and directories to their owner', async (t) => {
    const state = await temporaryDirectory(t);
    await ensurePki(state, topology, now);
    await poolSecret(state);
    for (const [name, mode] of await modes(state)) {
      if (/\.(?:key|secret)$/u.test(name)) assert.equal(mode, 0o600, name);
      if (/^(?:pki|pki\/hosts|pki\/issued)$/u.test(name)) assert.equal(mode, 0o700, name);
      assert.ok(!name.endsWith('.tmp'), name);
    }
  });

  test('renews with less than 30 days left, under the same CA, with a new key', async (t) => {
    const state = await temporaryDirectory(t);
    await ensurePki(state, topology, now);
    const key = await readFile(file(state, `${host}.key`), 'utf8');
    const { issued, created } = await ensurePki(state, topology, later(369));
    assert.deepEqual([created, issued.length], [false, 8]);
    assert.notEqual(await readFile(file(state, `${host}.key`), 'utf8'), key);
    const { findings } = await loadCredentials(state, topology, host, { now: later(400) });
    assert.deepEqual(findings, []);
  });

  test('renews after long neglect, when all has expired', async (t) => {
    const state = await temporaryDirectory(t);
    await ensurePki(state, topology, now);
    assert.equal((await ensurePki(state, topology, later(1000))).issued.length, 8);
  });

  test('renews the hosts whose names have changed, and only them', async (t) => {
    const state = await temporaryDirectory(t);
    await ensurePki(state, topology, now);
    const [edge] = topology.edges;
    assert.ok(edge?.external !== undefined);
    const external = { ...edge.external, fqdns: [...edge.external.fqdns, 'sip.fabrikam.com'] };
    const changed: Topology = { ...topology, edges: [{ ...edge, external }] };
    assert.deepEqual((await ensurePki(state, changed, now)).issued, [edge.fqdn]);
  });

  test('mends a key that was lost or half written', async (t) => {
    const state = await temporaryDirectory(t);
    await ensurePki(state, topology, now);
    await unlink(file(state, `${host}.key`));
    const stray = await readFile(file(state, 'fe01.contoso.net.key'), 'utf8');
    await writeFile(file(state, 'fe02.contoso.net.key'), stray);
    const { issued } = await ensurePki(state, topology, now);
    assert.deepEqual(issued, [host, 'fe02.contoso.net']);
  });

  test('leaves a certificate somebody put in place, and the host can start with it', async (t) => {
    const state = await temporaryDirectory(t);
    await ensurePki(state, topology, now);
    const foreign = await createAuthority('CA of somebody else', now);
    const made = await oddCertificate(foreign, { names: [host] });
    await writeFile(file(state, `${host}.key`), made.key);
    await writeFile(file(state, `${host}.crt`), made.certificate);
    const report = await ensurePki(state, topology, now);
    assert.deepEqual(report.kept, [{ fqdn: host, state: 'foreign' }]);
    assert.equal(await readFile(file(state, `${host}.crt`), 'utf8'), made.certificate);
    const { findings = [] } = await loadCredentials(state, topology, host);
    assert.deepEqual(
      findings.map((each) => each.code),
      ['foreign-ca'],
    );
    assert.match(findings[0]?.message ?? '', /dir01\.contoso\.net\.crt: .*CA of somebody else/u);
    await assert.rejects(issueHost(state, topology, host, now), code('USHER_PKI_FOREIGN'));
    await issueHost(state, topology, host, now, { replaceForeign: true });
    assert.deepEqual((await loadCredentials(state, topology, host, { now })).findings, []);
  });

  test('does not hand a revoked host a new certificate unasked', async (t) => {
    const state = await temporaryDirectory(t);
    await ensurePki(state, topology, now);
    const before = await serial(state, host);
    const [revoked] = await revokeCertificates(state, { fqdn: host }, 'keyCompromise', now);
    assert.equal(revoked?.serial, before);
    assert.deepEqual((await ensurePki(state, topology, now)).kept, [
      { fqdn: host, state: 'revoked' },
    ]);
    const { findings = [] } = await loadCredentials(state, topology, host, { now });
    assert.equal(findings[0]?.code, 'revoked');
    await issueHost(state, topology, host, now);
    assert.deepEqual((await ensurePki(state, topology, now)).kept, []);
  });

  test('stops rather than forget what a damaged revocation list named', async (t) => {
    const state = await temporaryDirectory(t);
    await ensurePki(state, topology, now);
    await writeFile(
      pkiPaths(state).revocations,
      '-----BEGIN X509 CRL-----\nMAMCAQE=\n-----END X509 CRL-----\n',
    );
    await assert.rejects(ensurePki(state, topology, now), code('USHER_PKI_LIST'));
  });

  test('keeps what is revoked on the list when it is signed anew', async (t) => {
    const state = await temporaryDirectory(t);
    await ensurePki(state, topology, now);
    await revokeCertificates(state, { fqdn: 'fe01.contoso.net' }, 'superseded', now);
    const one = await serial(state, 'fe02.contoso.net');
    await revokeCertificates(state, { serial: one.toLowerCase() }, 'cACompromise', later(1));
    await ensurePki(state, topology, later(380));
    const { revocations } = await inventory(state, topology, later(380));
    assert.deepEqual(
      revocations.revoked.map((each) => each.reason),
      ['superseded', 'cACompromise'],
    );
    assert.deepEqual(await revokeCertificates(state, { serial: one }, 'unspecified', later(2)), []);
    await assert.rejects(
      revokeCertificates(state, { serial: 'ABC' }, 'unspecified', now),
      code('USHER_PKI_UNKNOWN_CERTIFICATE'),
    );
  });

  test('makes nothing where the site brings its own certificates', async (t) => {
    const state = await temporaryDirectory(t);
    const own = { ...topology, trust: { ...topology.trust, caFile: '/nowhere/ca.pem' } };
    assert.deepEqual(await ensurePki(state, own, now), { created: false, issued: [], kept: [] });
    assert.deepEqual(await readdir(state), []);
    await assert.rejects(issueHost(state, own, host, now), code('USHER_PKI_NOT_OURS'));
  });

  test('may be run by many at once, in this process and in others', async (t) => {
    const state = await temporaryDirectory(t);
    const script = `
      import { readFileSync } from 'node:fs';
      import { loadPlan } from '#ports';
      import { ensurePki, poolSecret } from '#trust';
      const loaded = loadPlan(readFileSync('examples/contoso.yaml', 'utf8'), 'contoso.yaml');
      await ensurePki(${JSON.stringify(state)}, loaded.plan.topology, new Date());
      console.log((await poolSecret(${JSON.stringify(state)})).toString('hex'));`;
    const cwd = new URL('../..', import.meta.url);
    const run = promisify(execFile);
    const others = [1, 2].map(() =>
      run(process.execPath, ['--input-type=module', '-e', script], { cwd }),
    );
    const mine = [1, 2].map(async () => {
      await ensurePki(state, topology, new Date());
      return (await poolSecret(state)).toString('hex');
    });
    const secrets = new Set([
      ...(await Promise.all(mine)),
      ...(await Promise.all(others)).map(({ stdout }) => stdout.trim()),
    ]);
    assert.equal(secrets.size, 1);
    const { hosts, ca } = await inventory(state, topology, new Date());
    assert.equal(ca.certificates.length, 1);
    assert.deepEqual([...new Set(hosts.map((each) => each.state))], ['good']);
    assert.equal((await readdir(pkiPaths(state).issued)).length, 8);
  });
});

describe('loadCredentials', () => {
  test('names the file that is missing and the way out', async (t) => {
    const state = await temporaryDirectory(t);
    await assert.rejects(loadCredentials(state, topology, host), (error: unknown) => {
      assert.ok(error instanceof UsherError && error.code === 'USHER_CREDENTIALS_MISSING');
      assert.match(error.message, /ca\.crt/u);
      assert.match(error.remedy, /usher pki init/u);
      return true;
    });
  });

  test('refuses a key that is not the certificate’s, with both file names', async (t) => {
    const state = await temporaryDirectory(t);
    await ensurePki(state, topology, now);
    const stray = await readFile(file(state, 'fe01.contoso.net.key'), 'utf8');
    await writeFile(file(state, `${host}.key`), stray);
    await assert.rejects(
      loadCredentials(state, topology, host),
      /dir01\.contoso\.net\.key is not the key of .*dir01\.contoso\.net\.crt/u,
    );
  });

  test('refuses what is no PEM', async (t) => {
    const state = await temporaryDirectory(t);
    await ensurePki(state, topology, now);
    await writeFile(file(state, `${host}.crt`), 'nothing');
    await assert.rejects(
      loadCredentials(state, topology, host),
      code('USHER_CREDENTIALS_UNUSABLE'),
    );
  });

  test('warns of a name that is missing and of a key others can read', async (t) => {
    const state = await temporaryDirectory(t);
    await ensurePki(state, topology, now);
    for (const end of ['key', 'crt']) {
      const other = await readFile(file(state, `fe01.contoso.net.${end}`), 'utf8');
      await writeFile(file(state, `${host}.${end}`), other);
    }
    await chmod(file(state, `${host}.key`), 0o644);
    const { findings = [] } = await loadCredentials(state, topology, host, { now });
    assert.deepEqual(
      findings.map((each) => each.code),
      ['name-missing', 'key-exposed'],
    );
  });

  test('reads certificates of the site’s own from where the topology says', async (t) => {
    const state = await temporaryDirectory(t);
    const directory = await temporaryDirectory(t);
    const authority = await createAuthority('CA of the site', new Date());
    const made = await oddCertificate(authority, { names: [host] });
    await writeFile(join(directory, `${host}.crt`), made.certificate);
    await writeFile(join(directory, `${host}.key`), made.key, { mode: 0o600 });
    const caFile = join(directory, 'ca.pem');
    await writeFile(caFile, authority.certificate);
    const own: Topology = {
      ...topology,
      trust: { caFile, certificateDirectory: directory, crlFile: undefined },
    };
    const loaded = await loadCredentials(state, own, host);
    assert.deepEqual(
      [loaded.ca, loaded.crl, loaded.findings],
      [authority.certificate, undefined, []],
    );
    const crlFile = join(directory, 'missing.crl');
    const strict = { ...own, trust: { ...own.trust, crlFile } };
    await assert.rejects(loadCredentials(state, strict, host), code('USHER_CREDENTIALS_MISSING'));
  });
});

test('a host that has only its own files can run and show them, and cannot issue', async (t) => {
  const state = await temporaryDirectory(t);
  await ensurePki(state, topology, now);
  await unlink(pkiPaths(state).caKey);
  assert.deepEqual((await loadCredentials(state, topology, host, { now })).findings, []);
  const { hosts } = await inventory(state, topology, now);
  assert.equal(hosts.find((each) => each.fqdn === host)?.state, 'good');
  await assert.rejects(ensurePki(state, topology, now), code('USHER_PKI_NO_CA_KEY'));
});

describe('certificates of an outside CA', () => {
  test('are requested with a pending key and imported with it', async (t) => {
    const state = await temporaryDirectory(t);
    const directory = await temporaryDirectory(t);
    const authority = await createAuthority('CA of the site', new Date());
    const caFile = join(directory, 'ca.pem');
    await writeFile(caFile, authority.certificate);
    const own: Topology = { ...topology, trust: { ...topology.trust, caFile } };
    const first = await requestCertificate(state, own, host);
    const second = await requestCertificate(state, own, host);
    assert.deepEqual([first.pending, second.pending], [false, true]);
    assert.equal(second.request, first.request);
    const signed = await signRequest(authority, first.request);
    const certificate = join(directory, 'dir01.pem');
    await writeFile(certificate, signed);
    const done = await importCertificate(state, own, host, { certificate }, new Date());
    assert.deepEqual(done.findings, []);
    assert.ok(done.certificate.names.includes('dirpool01.contoso.net'));
    assert.deepEqual((await loadCredentials(state, own, host)).findings, []);
    assert.equal((await requestCertificate(state, own, host)).pending, false);
  });

  test('are refused when peers would refuse them, unless forced', async (t) => {
    const state = await temporaryDirectory(t);
    await ensurePki(state, topology, new Date());
    const foreign = await createAuthority('CA of somebody else', new Date());
    const made = await oddCertificate(foreign, { names: ['other.example'] });
    const files = { certificate: join(state, 'x.crt'), key: join(state, 'x.key') };
    await writeFile(files.certificate, made.certificate);
    await writeFile(files.key, made.key);
    await assert.rejects(
      importCertificate(state, topology, host, files, new Date()),
      /CA of somebody else.*names other\.example, not dir01/u,
    );
    const { findings } = await importCertificate(state, topology, host, files, new Date(), {
      force: true,
    });
    assert.deepEqual(
      findings.map((each) => each.code),
      ['foreign-ca', 'name-missing'],
    );
  });
});

describe('the pool secret', () => {
  test('is made once, 32 bytes, and gives unrelated keys for unrelated labels', async (t) => {
    const state = await temporaryDirectory(t);
    const secret = await poolSecret(state);
    assert.equal(secret.length, 32);
    assert.deepEqual(await poolSecret(state), secret);
    const nonce = deriveKey(secret, 'nonce');
    assert.equal(nonce.length, 32);
    assert.deepEqual(deriveKey(secret, 'nonce'), nonce);
    assert.notDeepEqual(deriveKey(secret, 'token'), nonce);
  });

  test('is not made by a host that serves: it would be alone with its own', async (t) => {
    const state = await temporaryDirectory(t);
    await assert.rejects(readPoolSecret(state), code('USHER_POOL_SECRET'));
    const secret = await poolSecret(state);
    assert.deepEqual(await readPoolSecret(state), secret);
  });

  test('is not replaced when its file is damaged', async (t) => {
    const state = await temporaryDirectory(t);
    await poolSecret(state);
    await writeFile(pkiPaths(state).poolSecret, 'short');
    await assert.rejects(poolSecret(state), code('USHER_POOL_SECRET'));
  });
});

/** Does what a CA outside does with a request: takes names and key from it. */
async function signRequest(
  authority: { key: string; certificate: string },
  request: string,
): Promise<string> {
  const x509 = await import('@peculiar/x509');
  const csr = new x509.Pkcs10CertificateRequest(request);
  assert.equal(await csr.verify(), true);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const der = x509.PemConverter.decodeFirst(authority.key);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: csr.subject,
    issuer: new x509.X509Certificate(authority.certificate).subject,
    publicKey: csr.publicKey,
    extensions: csr.extensions,
    notAfter: new Date(Date.now() + 3_600_000),
    signingKey: await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
  });
  return certificate.toString('pem');
}
