import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '#base';
import { servicePort } from '#ports';
import type { Service } from '#topology';
import { ask, makeDeployment, type Answered, type Ask, type Deployment } from './web.fixture.ts';
import { WebServer } from './server.ts';

const rootPath = '/autodiscover/autodiscoverservice.svc/root';
const director = 'dir01.contoso.net';

/** An answer with the pools and the name asked for made alike. */
function shape(body: string): string {
  return body.replaceAll(/webext0[12]/gu, 'webext').replaceAll('nobod', 'alice');
}

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
    assert.ok(!draining.body.includes('contoso.net'), 'no internal name leaves');
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
    assert.deepEqual(JSON.parse(inClear.body), {
      AccessLocation: 'External',
      Root: {
        Links: [
          {
            href: `https://webdirext.contoso.com:${port('published')}/Autodiscover/AutodiscoverService.svc/root?sipuri=alice%40contoso.com`,
            token: 'Redirect',
          },
        ],
      },
    });
  });

  test('a user is told where to sign in, inside and outside apart', async () => {
    const inside = await get('webInternal', director, `${rootPath}/user?sipuri=bob@contoso.com`);
    const external = { fqdn: 'sip.contoso.com', port: String(port('accessEdge')) };
    const root = '/Autodiscover/AutodiscoverService.svc/root';
    const externalLink = {
      href: `https://webext02.contoso.com:${port('published')}${root}`,
      token: 'External/Autodiscover',
    };
    assert.deepEqual(JSON.parse(inside.body), {
      AccessLocation: 'Internal',
      User: {
        SipClientInternalAccess: { fqdn: 'fepool02.contoso.net', port: String(port('sip')) },
        SipClientExternalAccess: external,
        Links: [
          {
            href: `https://webint02.contoso.net:${port('webInternal')}${root}`,
            token: 'Internal/Autodiscover',
          },
          externalLink,
        ],
      },
    });
    const path = `${rootPath}/user?sipuri=bob@contoso.com`;
    const outside = await get('webExternal', 'webdirext.contoso.com', path);
    assert.deepEqual(JSON.parse(outside.body), {
      AccessLocation: 'External',
      User: { SipClientExternalAccess: external, Links: [externalLink] },
    });
  });

  test('the answer for nobody has the shape of the answer for somebody', async () => {
    for (const path of [`${rootPath}/user?sipuri=`, `/?sipuri=`]) {
      const host = 'lyncdiscover.contoso.com';
      const somebody = await get('webExternal', host, `${path}alice@contoso.com`);
      const nobody = await get('webExternal', host, `${path}nobod@contoso.com`);
      assert.equal(nobody.status, somebody.status);
      assert.equal(shape(nobody.body), shape(somebody.body));
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

  test('a connection that says nothing is closed, too', async () => {
    assert.match(await raw(''), /^HTTP\/1.1 408/u);
  });

  test('an address that is taken is an error that names the row', async () => {
    const second = new WebServer({
      plan: deployment.plan,
      host: deployment.host(director),
      credentials: await deployment.credentials(director),
      clock: systemClock,
      secret: deployment.secret,
      state: () => 'up',
    });
    await assert.rejects(second.start(), {
      code: 'USHER_LISTEN',
      message: /Cannot listen on 127\.10\.1\.11:\d+ \(webInternalPlain, row DH-04\): .*EADDRINUSE/u,
    });
    await second.close();
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
