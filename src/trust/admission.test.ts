import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, describe, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import type { Listener, Plan } from '#ports';
import { admit, refusals } from './admission.ts';
import { createAuthority, signRevocationList, type KeyAndCertificate } from './authority.ts';
import { loadCredentials, type Credentials } from './credentials.ts';
import {
  contoso,
  dial,
  listenerOf,
  meeting,
  oddCertificate,
  rootAuthority,
  serialOf,
  serve,
  temporaryDirectory,
  usages,
  type Meeting,
} from './trust.fixture.ts';
import { TlsDialler, chainOfPeer } from './dialler.ts';
import { ensurePki } from './pki.ts';
import { revocationOfPeer } from './reload.ts';
import { ticketEpoch, ticketKeys } from './tickets.ts';
import { serverTls } from './tls.ts';

const edge = 'edge01.contoso.net';

/** The refusal code, or what was decided instead. */
function verdict({ admission }: Meeting): string {
  if (admission === undefined) return 'handshake failed';
  return admission.kind === 'refused' ? admission.code : admission.kind;
}

const end = (socket: TLSSocket): unknown => socket.end('x');

describe('a mutual-TLS listener', () => {
  let plan: Plan;
  /** The Director's SIP listener: Edge and balancer may connect. */
  let sip: Listener;
  /** The same with internal clients let in. */
  let shared: Listener;
  let authority: KeyAndCertificate;
  let foreign: KeyAndCertificate;
  let director: Credentials;
  const both = [usages.serverAuth, usages.clientAuth];

  before(async () => {
    plan = contoso();
    sip = listenerOf(plan, 'dir01.contoso.net', 'sip');
    shared = { ...sip, anonymousClients: true };
    authority = await createAuthority('CA of the test', new Date());
    foreign = await createAuthority('CA of somebody else', new Date());
    const own = await oddCertificate(authority, {
      names: ['dirpool01.contoso.net', 'dir01.contoso.net'],
      usages: both,
    });
    director = { fqdn: 'dir01.contoso.net', ...own, ca: authority.certificate, crl: undefined };
  });

  interface Visit {
    readonly at?: Listener;
    readonly by?: Credentials;
    readonly sends?: string;
    readonly version?: 'TLSv1.2' | 'TLSv1.3';
  }

  /** Presents a certificate, or none, and returns what came of it. */
  async function visit(
    t: { after(run: () => void): void },
    presented: KeyAndCertificate | undefined,
    { at = sip, by = director, sends = '', version = 'TLSv1.3' }: Visit = {},
  ): Promise<Meeting> {
    return await meeting(
      t,
      serverTls(by, 'MTLS', at),
      {
        rejectUnauthorized: false,
        minVersion: version,
        maxVersion: version,
        ...(presented === undefined
          ? {}
          : { key: presented.key, cert: presented.certificate + sends }),
      },
      at,
    );
  }

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`admits a host whose flow ends there, over ${version}`, async (t) => {
      const good = await oddCertificate(authority, { names: [edge], usages: both });
      const met = await visit(t, good, { version });
      assert.deepEqual(met.admission, { kind: 'server', fqdn: edge });
      assert.equal(met.protocol, version);
    });
  }

  test('refuses TLS 1.1', async (t) => {
    const met = await meeting(
      t,
      serverTls(director, 'MTLS'),
      {
        rejectUnauthorized: false,
        minVersion: 'TLSv1.1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT:@SECLEVEL=0',
      },
      sip,
    );
    assert.equal(verdict(met), 'handshake failed');
  });

  test('takes a certificate that names pool and host for the host', async (t) => {
    const at = listenerOf(plan, 'fe01.contoso.net', 'sip');
    const met = await visit(t, { key: director.key, certificate: director.certificate }, { at });
    assert.deepEqual(met.admission, { kind: 'server', fqdn: 'dir01.contoso.net' });
  });

  test('admits a certificate for servers only, as Lync issues them', async (t) => {
    const lync = await oddCertificate(authority, { names: [edge], usages: [usages.serverAuth] });
    assert.deepEqual((await visit(t, lync)).admission, { kind: 'server', fqdn: edge });
    const bare = await oddCertificate(authority, { names: [edge] });
    assert.deepEqual((await visit(t, bare)).admission, { kind: 'server', fqdn: edge });
  });

  test('is not fooled by OpenSSL hiding a foreign CA behind INVALID_PURPOSE', async (t) => {
    const trap = await oddCertificate(foreign, { names: [edge], usages: [usages.serverAuth] });
    assert.equal(verdict(await visit(t, trap, { sends: foreign.certificate })), 'foreign-ca');
    assert.equal(verdict(await visit(t, trap)), 'foreign-ca');
  });

  test('refuses a foreign CA, whatever the names', async (t) => {
    const forged = await oddCertificate(foreign, { names: [edge], usages: both });
    assert.equal(verdict(await visit(t, forged)), 'foreign-ca');
  });

  test('refuses a CA of the same name with another key', async (t) => {
    const twin = await createAuthority('CA of the test', new Date());
    const forged = await oddCertificate(twin, { names: [edge], usages: both });
    assert.equal(verdict(await visit(t, forged, { sends: twin.certificate })), 'foreign-ca');
  });

  test('refuses a certificate that has expired, or is not valid yet', async (t) => {
    const hour = 3_600_000;
    const old = await oddCertificate(authority, {
      names: [edge],
      usages: both,
      notBefore: new Date(Date.now() - 2 * hour),
      notAfter: new Date(Date.now() - hour),
    });
    assert.equal(verdict(await visit(t, old)), 'expired');
    const early = await oddCertificate(authority, {
      names: [edge],
      usages: [usages.serverAuth],
      notBefore: new Date(Date.now() + hour),
      notAfter: new Date(Date.now() + 2 * hour),
    });
    assert.equal(verdict(await visit(t, early)), 'not-yet-valid');
  });

  test('refuses a certificate issued for something else', async (t) => {
    const code = await oddCertificate(authority, { names: [edge], usages: [usages.codeSigning] });
    assert.equal(verdict(await visit(t, code)), 'wrong-purpose');
  });

  test('refuses a host of the topology that has no flow to it', async (t) => {
    const stray = await oddCertificate(authority, { names: ['rp01.contoso.net'], usages: both });
    assert.equal(verdict(await visit(t, stray)), 'name-not-admitted');
  });

  test('refuses a peer without certificate', async (t) => {
    assert.equal(verdict(await visit(t, undefined)), 'no-certificate');
  });

  test('takes no wildcard and no common name beside other names', async (t) => {
    const wild = await oddCertificate(authority, { names: ['*.contoso.net'], usages: both });
    assert.equal(verdict(await visit(t, wild)), 'name-not-admitted');
    const common = { commonName: edge, names: ['other.example'], usages: both };
    assert.equal(
      verdict(await visit(t, await oddCertificate(authority, common))),
      'name-not-admitted',
    );
  });

  test('takes the common name of a certificate without any other, as inside an Edge', async (t) => {
    const plain = await oddCertificate(authority, { commonName: edge, usages: both });
    assert.deepEqual((await visit(t, plain)).admission, { kind: 'server', fqdn: edge });
  });

  test('takes a sip: URI for a name, and case for nothing (RFC 5922)', async (t) => {
    const uri = await oddCertificate(authority, { uris: ['sip:Edge01.Contoso.NET'], usages: both });
    assert.deepEqual((await visit(t, uri)).admission, { kind: 'server', fqdn: edge });
    const user = await oddCertificate(authority, { uris: [`sip:root@${edge}`], usages: both });
    assert.equal(verdict(await visit(t, user)), 'name-not-admitted');
    // The part before the @ is a user, whatever it looks like; sips: is no identity.
    for (const name of [`sip:${edge}@example.org`, `sip:${edge}:x@example.org`, `sips:${edge}`]) {
      const odd = await oddCertificate(authority, { uris: [name], usages: both });
      assert.equal(verdict(await visit(t, odd)), 'name-not-admitted', name);
    }
  });

  test('follows no intermediate CA made for something else', async (t) => {
    const root = await rootAuthority('Root');
    const by = { ...director, ca: root.certificate };
    const usage = { commonName: 'Code signers', ca: true, usages: [usages.codeSigning] };
    const middle = await oddCertificate(root, usage);
    for (const allowed of [both, [usages.serverAuth]]) {
      const forged = await oddCertificate(middle, { names: [edge], usages: allowed });
      const met = await visit(t, forged, { by, sends: middle.certificate });
      assert.equal(verdict(met), 'wrong-purpose');
    }
  });

  test('follows intermediate CAs the peer sends, and only CAs', async (t) => {
    const root = await rootAuthority('Root');
    const by = { ...director, ca: root.certificate };
    const middle = await oddCertificate(root, { commonName: 'Middle', ca: true });
    for (const allowed of [both, [usages.serverAuth]]) {
      const good = await oddCertificate(middle, { names: [edge], usages: allowed });
      const met = await visit(t, good, { by, sends: middle.certificate });
      assert.deepEqual(met.admission, { kind: 'server', fqdn: edge });
      assert.equal(verdict(await visit(t, good, { by })), 'foreign-ca');
    }
    const host = await oddCertificate(root, { commonName: 'Host', names: ['rp01.contoso.net'] });
    const child = await oddCertificate(host, { names: [edge], usages: both });
    const met = await visit(t, child, { by, sends: host.certificate });
    assert.equal(verdict(met), 'foreign-ca');
  });

  test('lets no CA stand below one that forbids it, with or without clientAuth', async (t) => {
    const middle = await oddCertificate(authority, { commonName: 'Middle', ca: true });
    for (const allowed of [both, [usages.serverAuth]]) {
      const forged = await oddCertificate(middle, { names: [edge], usages: allowed });
      const met = await visit(t, forged, { sends: middle.certificate });
      assert.equal(verdict(met), 'chain');
    }
  });

  test('may be given an issuing CA alone, without the root above it', async (t) => {
    const root = await rootAuthority('Root');
    const middle = await oddCertificate(root, { commonName: 'Middle', ca: true });
    const by = { ...director, ca: middle.certificate };
    for (const sends of ['', root.certificate, middle.certificate + root.certificate]) {
      const good = await oddCertificate(middle, { names: [edge], usages: both });
      const met = await visit(t, good, { by, sends });
      assert.deepEqual(met.admission, { kind: 'server', fqdn: edge });
    }
    const sibling = await oddCertificate(root, { names: [edge], usages: both });
    const met = await visit(t, sibling, { by, sends: root.certificate });
    assert.equal(verdict(met), 'foreign-ca');
  });

  /** The Director with one certificate on its revocation list. */
  async function revoking(pem: string, now = new Date()): Promise<Credentials> {
    const entry = { serial: serialOf(pem), at: now, reason: 'keyCompromise' as const };
    return { ...director, crl: await signRevocationList(authority, [entry], now) };
  }

  test('refuses who is revoked, and nobody else', async (t) => {
    const lost = await oddCertificate(authority, { names: [edge], usages: both });
    const good = await oddCertificate(authority, { names: [edge], usages: both });
    const by = await revoking(lost.certificate);
    assert.equal(verdict(await visit(t, lost, { by })), 'revoked');
    assert.equal(verdict(await visit(t, good, { by })), 'server');
  });

  test('goes by a list that is out of date, but refuses nobody for its age', async (t) => {
    const lost = await oddCertificate(authority, { names: [edge], usages: both });
    const good = await oddCertificate(authority, { names: [edge], usages: both });
    const by = await revoking(lost.certificate, new Date('2020-01-01'));
    assert.equal(verdict(await visit(t, lost, { by })), 'revoked');
    assert.equal(verdict(await visit(t, good, { by })), 'server');
  });

  test('ignores a list somebody else signed', async (t) => {
    const good = await oddCertificate(authority, { names: [edge], usages: both });
    const entry = {
      serial: serialOf(good.certificate),
      at: new Date(),
      reason: 'unspecified' as const,
    };
    const by = { ...director, crl: await signRevocationList(foreign, [entry], new Date()) };
    assert.equal(verdict(await visit(t, good, { by })), 'server');
  });

  describe('that lets in clients without certificate', () => {
    test('tells them from servers', async (t) => {
      const good = await oddCertificate(authority, { names: [edge], usages: both });
      assert.equal(verdict(await visit(t, undefined, { at: shared })), 'client');
      assert.equal(verdict(await visit(t, good, { at: shared })), 'server');
    });

    test('takes a certificate that claims nothing for none', async (t) => {
      const user = await oddCertificate(foreign, { names: ['pc7.example'], usages: both });
      assert.equal(verdict(await visit(t, user, { at: shared })), 'client');
      const host = await oddCertificate(authority, { names: ['rp01.contoso.net'], usages: both });
      assert.equal(verdict(await visit(t, host, { at: shared })), 'client');
    });

    test('refuses who claims a trusted name without proof', async (t) => {
      const forged = await oddCertificate(foreign, { names: [edge], usages: both });
      assert.equal(verdict(await visit(t, forged, { at: shared })), 'foreign-ca');
    });

    test('refuses who is revoked', async (t) => {
      const lost = await oddCertificate(authority, { names: ['pc7.example'], usages: both });
      const by = await revoking(lost.certificate);
      assert.equal(verdict(await visit(t, lost, { by, at: shared })), 'revoked');
    });
  });

  describe('and TLS sessions', () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      test(`resumes none over ${version}`, async (t) => {
        const good = await oddCertificate(authority, { names: [edge], usages: both });
        const { port } = await serve(t, serverTls(director, 'MTLS'), (socket) => socket.end('x'));
        const client = {
          host: '127.0.0.1',
          port,
          rejectUnauthorized: false,
          maxVersion: version,
          key: good.key,
          cert: good.certificate,
        };
        const first = await dial(client);
        assert.equal(first.protocol, version);
        const second = await dial({
          ...client,
          ...(first.session === undefined ? {} : { session: first.session }),
        });
        assert.equal(second.resumed, false);
      });
    }

    test('judges a resumed peer anew, by the lists of now', async (t) => {
      const good = await oddCertificate(authority, { names: [edge], usages: both });
      const seen: string[] = [];
      const options = serverTls(director, 'MTLS', { resumable: 'sip' });
      const { port } = await serve(t, options, (socket) => {
        const admission = admit(socket, sip);
        seen.push(admission.kind === 'refused' ? admission.code : admission.kind);
        socket.end('x');
      });
      const client = {
        host: '127.0.0.1',
        port,
        rejectUnauthorized: false,
        key: good.key,
        cert: good.certificate,
      };
      const { session } = await dial(client);
      assert.ok(session !== undefined);
      assert.equal((await dial({ ...client, session })).resumed, true);
      // The list is in force, and the listener has its old keys still: the worst case.
      serverTls(await revoking(good.certificate), 'MTLS');
      assert.equal((await dial({ ...client, session })).resumed, true);
      assert.deepEqual(seen, ['server', 'server', 'revoked']);
      serverTls(director, 'MTLS');
    });

    test('has other ticket keys with another list, another epoch and another secret', async () => {
      const now = 1_000 * ticketEpoch;
      const secret = Buffer.alloc(32, 1);
      const keys = ticketKeys(secret, director, now);
      assert.deepEqual(ticketKeys(secret, { ...director }, now + ticketEpoch - 1), keys);
      const listed = await revoking(director.certificate);
      assert.notDeepEqual(ticketKeys(secret, listed, now), keys);
      assert.notDeepEqual(ticketKeys(secret, director, now + ticketEpoch), keys);
      assert.notDeepEqual(ticketKeys(Buffer.alloc(32, 2), director, now), keys);
    });

    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      test(`a dialler resumes at any process of the host over ${version}, and still knows its peer`, async (t) => {
        const keys = ticketKeys(Buffer.alloc(32), director, 0);
        const options = serverTls(director, 'MTLS', { resumable: 'sip' });
        const first = await serve(t, { ...options, ticketKeys: keys, maxVersion: version }, end);
        const other = await serve(t, { ...options, ticketKeys: keys, maxVersion: version }, end);
        const hop = { address: '127.0.0.1', port: first.port, name: director.fqdn };
        const dialler = new TlsDialler(director, ['127.0.0.1']);
        const meet = async (by: TlsDialler, port: number): Promise<boolean> => {
          const socket = connect({ ...by.options(hop), port });
          await once(socket, 'secureConnect');
          by.established(socket, hop);
          const resumed = socket.isSessionReused();
          const lost = await revoking(director.certificate);
          // Without what the dialler remembers, a resumed peer shows no certificate at all.
          assert.ok(chainOfPeer(socket).length > 0);
          assert.ok(revocationOfPeer(socket, lost) !== undefined);
          socket.resume();
          await once(socket, 'close');
          return resumed;
        };
        assert.equal(await meet(dialler, first.port), false);
        assert.equal(await meet(dialler, other.port), true);
        // A reload makes another dialler: it offers nothing of before.
        assert.equal(await meet(new TlsDialler(director, ['127.0.0.1']), first.port), false);
      });
    }
  });

  test('publishes a refusal with what was expected and presented', async (t) => {
    const heard: { remote: string; message: string; presented: readonly string[] }[] = [];
    const stop = refusals.subscribe(({ remote, admission }) => {
      heard.push({ remote, message: admission.message, presented: admission.presented });
    });
    t.after(stop);
    const stray = await oddCertificate(authority, { names: ['rp01.contoso.net'], usages: both });
    const { admission } = await visit(t, stray);
    assert.equal(heard.length, 1);
    assert.match(heard[0]?.remote ?? '', /^127\.0\.0\.1:\d+$/u);
    assert.deepEqual(heard[0]?.presented, ['rp01.contoso.net']);
    assert.match(
      heard[0]?.message ?? '',
      /^Refused 127\.0\.0\.1:\d+ at sip of dir01\.contoso\.net \(127\.10\.1\.11:\d+\): its certificate names no host this listener admits; presented rp01\.contoso\.net, sha256 [0-9a-f]{64}; expected edge01\.contoso\.net/u,
    );
    assert.ok(admission?.kind === 'refused' && admission.expected.includes(edge));
  });

  test('keeps a hostile certificate out of the log', async (t) => {
    const names = Array.from({ length: 60 }, (_, index) => `n${index}.example`);
    const loud = await oddCertificate(foreign, {
      commonName: 'x\nRefused nobody',
      names: [...names, 'a\nb.example', 'c, DNS:edge01.contoso.net'],
    });
    const { admission } = await visit(t, loud);
    assert.ok(admission?.kind === 'refused');
    assert.equal(admission.code, 'foreign-ca');
    assert.ok(!admission.presented.includes(edge));
    assert.ok(!admission.message.includes('\n'));
    assert.ok(admission.message.length < 600);
  });

  test('survives a peer that is gone before it is judged', async (t) => {
    const good = await oddCertificate(authority, { names: [edge], usages: both });
    const { promise, resolve } = Promise.withResolvers<string>();
    const { port } = await serve(t, serverTls(director, 'MTLS'), (socket) => {
      socket.destroy();
      socket.once('close', () => {
        const admission = admit(socket, sip);
        resolve(admission.kind === 'refused' ? admission.code : admission.kind);
      });
    });
    const { key, certificate: cert } = good;
    await dial({ host: '127.0.0.1', port, rejectUnauthorized: false, key, cert });
    assert.equal(await promise, 'no-certificate');
  });

  test('survives a CA of another kind under the name of ours', async (t) => {
    const twin = await rootAuthority('CA of the test', 'rsa');
    const forged = await oddCertificate(twin, { names: [edge], usages: both });
    for (const sends of ['', twin.certificate]) {
      assert.equal(verdict(await visit(t, forged, { sends })), 'foreign-ca');
    }
  });

  test('leaves TLS listeners to their clients', async (t) => {
    const web = listenerOf(plan, 'dir01.contoso.net', 'webInternal');
    const met = await meeting(t, serverTls(director, 'TLS'), { rejectUnauthorized: false }, web);
    assert.deepEqual(met.admission, { kind: 'client' });
  });
});

test('every host of Contoso is admitted where a flow of its ends, by its issued certificate', async (t) => {
  const plan = contoso();
  const state = await temporaryDirectory(t);
  await ensurePki(state, plan.topology, new Date());
  let admitted = 0;
  for (const listener of plan.listeners.filter((each) => each.service === 'sip')) {
    const by = await loadCredentials(state, plan.topology, listener.host);
    for (const peer of listener.trustedPeers) {
      const { key, certificate } = await loadCredentials(state, plan.topology, peer);
      const met = await meeting(
        t,
        serverTls(by, 'MTLS'),
        { key, cert: certificate, rejectUnauthorized: false },
        listener,
      );
      assert.deepEqual(met.admission, { kind: 'server', fqdn: peer });
      admitted++;
    }
  }
  assert.ok(admitted > 5);
});
