import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '#base';
import { servicePort } from '#ports';
import type { Service } from '#topology';
import { ask, makeDeployment, type Answered, type Ask, type Deployment } from './fixture.ts';
import { WebServer } from './server.ts';

const rootPath = '/autodiscover/autodiscoverservice.svc/root';
const director = 'dir01.contoso.net';

describe('the web services of a Director', () => {
  let deployment: Deployment;
  let server: WebServer;
  let ca: string;
  let state: 'up' | 'draining' = 'up';

  before(async () => {
    deployment = await makeDeployment();
    const credentials = await deployment.credentials(director);
    ca = credentials.ca;
    server = new WebServer({
      plan: deployment.plan,
      host: deployment.host(director),
      credentials,
      clock: systemClock,
      secret: deployment.secret,
      users: deployment.users,
      state: () => state,
      limits: { headersTimeout: 300, requestTimeout: 400, checkInterval: 50 },
    });
    await server.start();
  });
  after(async () => {
    await server.close();
    await deployment.close();
  });

  /** Asks one of the Director's sites as the given host. */
  function get(
    service: Service,
    host: string,
    path: string,
    more: Partial<Ask> = {},
  ): Promise<Answered> {
    const { address, port, security } = deployment.listener(director, service);
    const tls = security === 'none' ? {} : { tls: { name: director, ca } };
    return ask({ address, port, host, path, ...tls, ...more });
  }

  const port = (service: Service): number => servicePort(deployment.plan, service);

  test('health is 200 while it is up, 503 while it drains, and tells nothing but who it is', async () => {
    const up = await get('webInternal', director, '/health');
    assert.equal(up.status, 200);
    assert.deepEqual(JSON.parse(up.body), {
      status: 'healthy',
      state: 'up',
      pool: 'dirpool01.contoso.net',
      host: director,
    });
    state = 'draining';
    const draining = await get('webExternalPlain', '127.10.1.11', '/health');
    state = 'up';
    assert.equal(draining.status, 503);
  });

  test('the internal root names internal addresses, the external root external ones', async () => {
    const inside = await get('webInternal', 'lyncdiscoverinternal.contoso.com', rootPath);
    assert.equal(inside.status, 200);
    const internal = `https://dirpool01.contoso.net:${port('webInternal')}/Autodiscover/AutodiscoverService.svc/root`;
    assert.deepEqual(JSON.parse(inside.body), {
      AccessLocation: 'Internal',
      Root: {
        Links: [
          { href: `${internal}/domain`, token: 'Domain' },
          { href: `${internal}/user`, token: 'User' },
          { href: internal, token: 'Self' },
        ],
      },
    });
    const outside = await get('webExternal', 'lyncdiscover.contoso.com', rootPath);
    assert.match(outside.body, /"AccessLocation":"External"/u);
    assert.ok(outside.body.includes(`https://webdirext.contoso.com:${port('published')}/`));
    assert.ok(!outside.body.includes('contoso.net'), 'no internal name leaves');
  });

  test('the root is found in any case, at "/" of the discovery names, and as XML', async () => {
    const other = await get('webExternal', 'webdirext.contoso.com', rootPath.toUpperCase());
    assert.equal(other.status, 200);
    const xml = await get(
      'webInternal',
      'LyncDiscoverInternal.contoso.com',
      '/?sipuri=alice@contoso.com',
      {
        headers: { accept: 'application/vnd.microsoft.rtc.autodiscover+xml;v=1' },
      },
    );
    assert.equal(xml.status, 200);
    assert.equal(xml.headers['content-type'], 'application/vnd.microsoft.rtc.autodiscover+xml;v=1');
    assert.match(xml.body, /<AutodiscoverResponse AccessLocation="Internal"><Root>/u);
    assert.match(
      xml.body,
      /<Link token="User" href="[^"]+\/root\/user\?sipuri=alice%40contoso.com"\/>/u,
    );
    assert.equal((await get('webInternal', 'dirpool01.contoso.net', '/')).status, 404);
  });

  test('the original domain travels on when it is ours, and nothing else does', async () => {
    const ours = await get('webInternal', director, `${rootPath}?originalDomain=Contoso.com`);
    assert.match(ours.body, /root\/user\?originalDomain=contoso.com"/u);
    const foreign = await get(
      'webInternal',
      director,
      `${rootPath}?originalDomain=evil.example&x=y`,
    );
    assert.ok(!foreign.body.includes('?'));
  });

  test('in clear the root names its secure self and nothing else', async () => {
    const inClear = await get(
      'webExternalPlain',
      'lyncdiscover.contoso.com',
      '/?sipuri=sip:alice@contoso.com',
    );
    assert.equal(inClear.status, 200);
    const { Root } = JSON.parse(inClear.body) as {
      Root: { Links: { token: string; href: string }[] };
    };
    assert.deepEqual(
      Root.Links.map(({ token }) => token),
      ['Redirect'],
    );
    assert.ok(
      Root.Links[0]?.href.startsWith(`https://webdirext.contoso.com:${port('published')}/`),
    );
  });

  test('a user is told where to sign in, inside and outside apart', async () => {
    const inside = await get('webInternal', director, `${rootPath}/user?sipuri=bob@contoso.com`);
    const { User: internal } = JSON.parse(inside.body) as { User: Record<string, unknown> };
    assert.deepEqual(internal['SipClientInternalAccess'], {
      fqdn: 'fepool02.contoso.net',
      port: String(port('sip')),
    });
    assert.deepEqual(internal['SipClientExternalAccess'], {
      fqdn: 'sip.contoso.com',
      port: String(port('accessEdge')),
    });
    const outside = await get(
      'webExternal',
      'webdirext.contoso.com',
      `${rootPath}/user?sipuri=bob@contoso.com`,
    );
    const { User: external } = JSON.parse(outside.body) as { User: Record<string, unknown> };
    assert.deepEqual(Object.keys(external), ['SipClientExternalAccess', 'Links']);
    assert.ok(outside.body.includes('https://webext02.contoso.com:'));
  });

  test('the answer for nobody has the shape of the answer for somebody', async () => {
    const shape = (body: string): string => body.replaceAll(/webext0[12]/gu, 'webext');
    for (const path of [`${rootPath}/user?sipuri=`, `/?sipuri=`]) {
      const host = 'lyncdiscover.contoso.com';
      const somebody = await get('webExternal', host, `${path}alice@contoso.com`);
      const nobody = await get('webExternal', host, `${path}nobod@contoso.com`);
      assert.equal(nobody.status, somebody.status);
      assert.equal(shape(nobody.body).replaceAll('nobod', 'alice'), shape(somebody.body));
      assert.deepEqual(Object.keys(nobody.headers), Object.keys(somebody.headers));
    }
  });

  test('a user of another domain, and none at all, are refused', async () => {
    assert.equal((await get('webInternal', director, `${rootPath}/user`)).status, 400);
    assert.equal(
      (await get('webInternal', director, `${rootPath}/user?sipuri=a@other.example`)).status,
      404,
    );
  });

  test('an Accept that fits nothing gets 406', async () => {
    const refused = await get('webInternal', director, rootPath, {
      headers: { accept: 'text/html' },
    });
    assert.equal(refused.status, 406);
  });

  test('the plain socket leads to the secure one, path and query kept', async () => {
    const led = await get('webInternalPlain', 'dirpool01.contoso.net', '/some/where?a=b');
    assert.equal(led.status, 301);
    assert.equal(
      led.headers.location,
      `https://dirpool01.contoso.net:${port('webInternal')}/some/where?a=b`,
    );
    const byAddress = await get('webExternalPlain', '127.10.1.11', '//evil.example/');
    assert.equal(
      byAddress.headers.location,
      `https://webdirext.contoso.com:${port('published')}//evil.example/`,
    );
  });

  test('the revocation list is served in clear, as DER and as PEM', async () => {
    const der = await get('webInternalPlain', 'dirpool01.contoso.net', '/crl/ca.crl');
    assert.equal(der.status, 200);
    assert.equal(der.headers['content-type'], 'application/pkix-crl');
    assert.ok(der.body.length > 50);
    const pem = await get('webInternalPlain', 'dirpool01.contoso.net', '/crl/ca.pem');
    assert.match(pem.body, /^-----BEGIN X509 CRL-----/u);
  });

  test('a meeting is found in the pool of the one who called it', async () => {
    const led = await get('webExternal', 'meet.contoso.com', '/bob/7QX2M1?x=1');
    assert.equal(led.status, 302);
    assert.equal(
      led.headers.location,
      `https://webext02.contoso.com:${port('published')}/meet/bob/7QX2M1?x=1`,
    );
    const internal = await get('webInternal', 'meet.contoso.com', '/contoso.com/bob/7QX2M1');
    assert.ok(internal.headers.location?.startsWith('https://webint02.contoso.net:'));
  });

  test('dial-in is led on, administration from inside only', async () => {
    assert.equal((await get('webExternal', 'dialin.contoso.com', '/')).status, 302);
    assert.equal((await get('webInternal', 'admin.contoso.com', '/')).status, 302);
    assert.equal((await get('webExternal', 'admin.contoso.com', '/')).status, 404);
  });

  test('an unknown host gets 404 and is not repeated', async () => {
    const unknown = await get('webInternalPlain', 'evil.example', '/health');
    assert.equal(unknown.status, 404);
    assert.ok(!unknown.body.includes('evil'));
  });

  test('HEAD has the headers of GET and no body, other methods get 405', async () => {
    const head = await get('webInternal', director, '/health', { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.body, '');
    assert.ok(Number(head.headers['content-length']) > 0);
    const post = await get('webInternal', director, '/health', { method: 'POST', body: 'x' });
    assert.equal(post.status, 405);
    assert.equal(post.headers.allow, 'GET, HEAD');
  });

  test('every answer carries the security headers, and HSTS when it is secured', async () => {
    const secured = await get('webExternal', 'webdirext.contoso.com', '/');
    assert.equal(secured.headers['x-content-type-options'], 'nosniff');
    assert.equal(secured.headers['cache-control'], 'no-store');
    assert.ok(secured.headers['strict-transport-security']);
    assert.equal(secured.headers.server, undefined);
    const plain = await get('webExternalPlain', 'webdirext.contoso.com', '/');
    assert.equal(plain.headers['strict-transport-security'], undefined);
  });

  test('a body above the limit is refused', async () => {
    const large = await get('webInternal', director, '/health', {
      headers: { 'content-length': '70000' },
      body: 'x'.repeat(70_000),
    }).catch(() => ({ status: 413 }));
    assert.equal(large.status, 413);
  });

  /** Sends bytes in clear and collects what comes until the server hangs up. */
  async function raw(text: string): Promise<string> {
    const { address, port: where } = deployment.listener(director, 'webInternalPlain');
    const socket = connect(where, address);
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.write(text);
    await once(socket, 'close');
    return heard;
  }

  test('what is no HTTP gets 400, too large a head 431, a slow one 408', async () => {
    assert.match(await raw('\u0000\u0001\u0002 nonsense\r\n\r\n'), /^HTTP\/1.1 400/u);
    assert.match(
      await raw(`GET / HTTP/1.1\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`),
      /^HTTP\/1.1 431/u,
    );
    assert.match(await raw('GET / HTTP/1.1\r\nHost: a'), /^HTTP\/1.1 408/u);
    assert.match(
      await raw(
        'GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      ),
      /^HTTP\/1.1 400/u,
    );
    assert.match(
      await raw('OPTIONS * HTTP/1.1\r\nHost: dir01.contoso.net\r\nConnection: close\r\n\r\n'),
      /^HTTP\/1.1 400/u,
    );
  });

  test('the absolute form of a request names its host itself', async () => {
    const heard = await raw(
      'GET http://dir01.contoso.net/health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    );
    assert.match(heard, /^HTTP\/1.1 200/u);
  });
});

test('drain ends the connections of those who are done and takes nobody new', async () => {
  const deployment = await makeDeployment();
  const server = new WebServer({
    plan: deployment.plan,
    host: deployment.host(director),
    credentials: await deployment.credentials(director),
    clock: systemClock,
    secret: deployment.secret,
    users: deployment.users,
    state: () => 'up',
  });
  await server.start();
  const { address, port } = deployment.listener(director, 'webInternalPlain');
  const idle = connect(port, address);
  await once(idle, 'connect');
  idle.write('GET /health HTTP/1.1\r\nHost: dir01.contoso.net\r\n\r\n');
  await once(idle, 'data');
  const closed = once(idle, 'close');
  idle.resume();
  await server.drain(2000);
  await closed;
  await assert.rejects(ask({ address, port, host: director, path: '/health' }), /ECONNREFUSED/u);
  await server.close();
  await server.close();
  await deployment.close();
});
