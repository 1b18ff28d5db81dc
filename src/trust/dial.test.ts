import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { before, describe, test } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { setImmediate as turn } from 'node:timers/promises';
import { admit, type Admission } from './admission.ts';
import { createAuthority, signRevocationList, type KeyAndCertificate } from './authority.ts';
import type { Credentials } from './credentials.ts';
import {
  contoso,
  dial,
  listenerOf,
  oddCertificate,
  serialOf,
  serve,
  usages,
} from './trust.fixture.ts';
import { reloadable } from './reload.ts';
import { clientTls, explainDialError, PeerIdentityError, serverTls } from './tls.ts';

const pool = 'dirpool01.contoso.net';
const member = 'dir01.contoso.net';
const edge = 'edge01.contoso.net';

describe('a connection dialled to a hop', () => {
  let authority: KeyAndCertificate;
  let foreign: KeyAndCertificate;
  let director: Credentials;
  let dialler: Credentials;

  before(async () => {
    authority = await createAuthority('CA of the test', new Date());
    foreign = await createAuthority('CA of somebody else', new Date());
    director = await credentials(authority, member, [pool, member]);
    dialler = await credentials(authority, edge, [edge]);
  });

  async function credentials(
    by: KeyAndCertificate,
    fqdn: string,
    names: readonly string[],
  ): Promise<Credentials> {
    const made = await oddCertificate(by, { names, usages: [usages.serverAuth] });
    return { fqdn, ...made, ca: authority.certificate, crl: undefined };
  }

  /** Dials a server with these credentials under a name; undefined when it went well. */
  async function attempt(
    t: { after(run: () => void): void },
    server: Credentials,
    name: string,
    options: (port: number) => ConnectionOptions = (port) =>
      clientTls(dialler, { address: '127.0.0.1', port, name }),
  ): Promise<Error | undefined> {
    const { port } = await serve(t, serverTls(server, 'MTLS'), (socket) => socket.end('x'));
    const { error } = await dial(options(port));
    return error === undefined
      ? undefined
      : explainDialError(error, { address: '127.0.0.1', port, name });
  }

  test('accepts the pool name of a VIP and the host name of a member', async (t) => {
    assert.equal(await attempt(t, director, pool), undefined);
    assert.equal(await attempt(t, director, member), undefined);
    assert.equal(await attempt(t, director, member.toUpperCase()), undefined);
  });

  test('names what it expected and what was presented', async (t) => {
    const error = await attempt(t, director, 'dir02.contoso.net');
    assert.ok(error instanceof PeerIdentityError);
    assert.equal(error.expected, 'dir02.contoso.net');
    assert.deepEqual(error.presented, [pool, member]);
    assert.match(
      error.message,
      /^expected dir02\.contoso\.net at 127\.0\.0\.1:\d+ to prove that name, but its certificate names dirpool01\.contoso\.net, dir01\.contoso\.net$/u,
    );
  });

  test('refuses a foreign CA and says so with the name', async (t) => {
    const error = await attempt(t, await credentials(foreign, member, [member]), member);
    assert.ok(error instanceof PeerIdentityError);
    assert.match(error.message, /dir01\.contoso\.net at .* not the configured one/u);
  });

  test('refuses a server that is revoked', async (t) => {
    const entry = { serial: serialOf(director.certificate), at: new Date() };
    const crl = await signRevocationList(
      authority,
      [{ ...entry, reason: 'superseded' }],
      new Date(),
    );
    const error = await attempt(t, director, member, (port) =>
      clientTls({ ...dialler, crl }, { address: '127.0.0.1', port, name: member }),
    );
    assert.ok(error instanceof PeerIdentityError);
    assert.match(error.message, /was revoked on .* \(superseded\)/u);
  });

  test('takes a wildcard for a web name when told to, and for a server never', async (t) => {
    const wild = await credentials(authority, member, ['*.contoso.com']);
    const name = 'meet.contoso.com';
    const error = await attempt(t, wild, name, (port) =>
      clientTls(dialler, { address: '127.0.0.1', port, name }, { wildcards: true }),
    );
    assert.equal(error, undefined);
    assert.ok((await attempt(t, wild, name)) instanceof PeerIdentityError);
  });

  test('of a client without certificate goes by the CA it is given', async (t) => {
    const errors = [authority, foreign].map(({ certificate: ca }) =>
      attempt(t, director, member, (port) =>
        clientTls(undefined, { address: '127.0.0.1', port, name: member }, { ca }),
      ),
    );
    const [good, bad] = await Promise.all(errors);
    assert.equal(good, undefined);
    assert.ok(bad instanceof PeerIdentityError);
  });

  test('may go to a bare address without a server name', async (t) => {
    const error = await attempt(t, director, '127.0.0.1');
    assert.ok(error instanceof PeerIdentityError);
  });

  test('of an HTTPS agent asks every time who the peer is', async (t) => {
    const reused: boolean[] = [];
    const { port } = await serve(t, serverTls(director, 'TLS'), (socket) => {
      reused.push(socket.isSessionReused());
      socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'));
    });
    const hop = { address: '127.0.0.1', port, name: member };
    const agent = new Agent(clientTls(dialler, hop));
    t.after(() => agent.destroy());
    for (let turns = 0; turns < 3; turns++) {
      const call = request({ host: hop.address, port, servername: member, agent }).end();
      call.once('response', (response: IncomingMessage) => response.resume());
      await once(call, 'close');
    }
    assert.deepEqual(reused, [false, false, false]);
  });

  test('leaves errors that have nothing to do with trust as they are', () => {
    const error = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    assert.equal(explainDialError(error, { address: '::1', port: 0, name: member }), error);
  });

  describe('to a listener that reloads', () => {
    test('stays when its certificate is fine, ends when it is revoked, and cannot come back', async (t) => {
      const listener = listenerOf(contoso(), member, 'sip');
      const other = await credentials(authority, 'lb01.contoso.net', ['lb01.contoso.net']);
      const admissions: Admission[] = [];
      const { server, port } = await serve(t, serverTls(director, 'MTLS'), (socket) => {
        admissions.push(admit(socket, listener));
      });
      const reloader = reloadable(server, 'MTLS');
      const hop = { address: '127.0.0.1', port, name: pool };
      const open = async (by: Credentials): Promise<TLSSocket> => {
        const socket = connect(clientTls(by, hop));
        t.after(() => socket.destroy());
        await once(socket, 'secureConnect');
        return socket;
      };
      const [bad, good] = [await open(dialler), await open(other)];
      while (admissions.length < 2) await turn();
      assert.deepEqual(
        admissions.map((each) => each.kind),
        ['server', 'server'],
      );

      const lost = { serial: serialOf(dialler.certificate), at: new Date() };
      const crl = await signRevocationList(
        authority,
        [{ ...lost, reason: 'keyCompromise' }],
        new Date(),
      );
      const renewed = await credentials(authority, member, [pool, member]);
      bad.on('error', () => {});
      const ended = once(bad, 'close');
      assert.deepEqual(reloader.reload({ ...renewed, crl }), { dropped: 1 });
      await ended;
      assert.equal(good.destroyed, false);

      const again = connect(clientTls(dialler, hop));
      t.after(() => again.destroy());
      await once(again, 'secureConnect');
      assert.equal(again.getPeerX509Certificate()?.serialNumber, serialOf(renewed.certificate));
      while (admissions.length < 3) await turn();
      const third = admissions[2];
      assert.ok(third?.kind === 'refused' && third.code === 'revoked');
    });
  });
});
