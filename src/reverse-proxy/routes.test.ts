import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadPlan, servicePort, type Plan } from '#ports';
import { renderHaproxy } from './render/haproxy.ts';
import { renderNginx } from './render/nginx.ts';
import { routesOf } from './routes.ts';
import { targetOf } from './target.ts';

function planOf(file: string): Plan {
  const loaded = loadPlan(readFileSync(`examples/${file}.yaml`, 'utf8'), file);
  assert.ok(loaded.ok);
  return loaded.plan;
}
const plan = planOf('contoso');

test('the Director takes the names clients guess, every pool its own', () => {
  const routes = routesOf(plan, 'rp01.contoso.net');
  assert.deepEqual(
    routes.map(({ pool, names }) => [pool, names]),
    [
      [
        'dirpool01.contoso.net',
        [
          'webdirext.contoso.com',
          'lyncdiscover.contoso.com',
          'meet.contoso.com',
          'dialin.contoso.com',
        ],
      ],
      ['fepool01.contoso.net', ['webext01.contoso.com']],
      ['fepool02.contoso.net', ['webext02.contoso.com']],
    ],
  );
});

test('the Director is reached at the VIP, a pool without one at each member', () => {
  const [director, frontEnds] = routesOf(plan, 'rp01.contoso.net');
  assert.deepEqual(
    director?.secure.map(({ address, port, name }) => ({ address, port, name })),
    [
      {
        address: '127.10.1.10',
        port: servicePort(plan, 'webExternal'),
        name: 'dirpool01.contoso.net',
      },
    ],
  );
  assert.deepEqual(
    frontEnds?.plain.map(({ address, port }) => ({ address, port })),
    ['127.10.2.11', '127.10.2.12'].map((address) => ({
      address,
      port: servicePort(plan, 'webExternalPlain'),
    })),
  );
});

test('a host that is no reverse proxy publishes nothing', () => {
  assert.deepEqual(routesOf(plan, 'fe01.contoso.net'), []);
});

test('a request is for the host of its absolute form, else of its Host field', () => {
  assert.deepEqual(targetOf('/a?b', 'Meet.Contoso.com:8443'), {
    host: 'Meet.Contoso.com:8443',
    name: 'meet.contoso.com',
    path: '/a?b',
  });
  assert.equal(targetOf('http://a.example', 'b.example')?.path, '/');
  assert.equal(targetOf('http://a.example/x', 'b.example')?.name, 'a.example');
  for (const [url, host] of [
    ['*', 'a'],
    ['a:1', 'a'],
    ['/', ''],
    ['/', 'a b'],
    ['/', 'x@y'],
  ] as const) {
    assert.equal(targetOf(url, host), undefined);
  }
});

test('nginx gets the same rules: names, addresses, name check, Host kept, source bound', () => {
  const text = renderNginx(plan, 'rp01.contoso.net');
  const port = (service: 'published' | 'webExternal'): number => servicePort(plan, service);
  for (const line of [
    `listen 127.20.0.21:${port('published')} ssl;`,
    'server_name webdirext.contoso.com lyncdiscover.contoso.com meet.contoso.com dialin.contoso.com;',
    `server 127.10.1.10:${port('webExternal')} max_fails=0;`,
    `server 127.10.2.12:${port('webExternal')} fail_timeout=10s;`,
    'proxy_set_header Host $http_host;',
    'proxy_set_header X-Forwarded-For $remote_addr;',
    'proxy_bind 127.10.9.11;',
    'proxy_ssl_verify on;',
    'proxy_ssl_name dirpool01.contoso.net;',
    'proxy_read_timeout 200s;',
    'return 404;',
  ]) {
    assert.ok(text.includes(line), line);
  }
  assert.equal(text.split('{').length, text.split('}').length, 'every block is closed');
});

test('HAProxy gets the same rules', () => {
  const text = renderHaproxy(plan, 'rp01.contoso.net');
  const port = servicePort(plan, 'webExternal');
  for (const line of [
    `bind 127.20.0.21:${servicePort(plan, 'published')} ssl crt /etc/usher/tls/rp01.contoso.net.pem`,
    'acl is_fepool02_contoso_net_secure req.hdr(host),field(1,:),lower -m str webext02.contoso.com',
    'use_backend dirpool01_contoso_net_plain if is_dirpool01_contoso_net_plain',
    `server fe01.contoso.net 127.10.2.11:${port} ssl verify required ca-file /etc/usher/tls/ca.crt sni str(fe01.contoso.net) verifyhost fe01.contoso.net`,
    'source 127.10.9.11',
    'timeout server 200s',
    'http-request set-header X-Forwarded-For %[src]',
  ]) {
    assert.ok(text.includes(line), line);
  }
  assert.equal(text.match(/^backend nowhere$/gmu)?.length, 1);
});

test('in both address families they listen on each, and connect by IPv6 from the IPv6 address', () => {
  const file = 'examples/two-sites.yaml';
  const both = loadPlan(readFileSync(file, 'utf8'), file, {});
  assert.ok(both.ok);
  const [outside6, outside4] = ['[2001:db8:1:20::21]', '198.51.100.21'];
  const nginx = renderNginx(both.plan, 'rp01.fabrikam.net');
  for (const outside of [outside6, outside4]) assert.ok(nginx.includes(`listen ${outside}:`));
  assert.ok(nginx.includes('proxy_bind fd5e:1:9::11;') && !nginx.includes('10.1.'));
  const haproxy = renderHaproxy(both.plan, 'rp01.fabrikam.net');
  for (const outside of [outside6, outside4]) assert.ok(haproxy.includes(`bind ${outside}:`));
  assert.ok(haproxy.includes('source [fd5e:1:9::11]\n') && !haproxy.includes('10.1.'));
});

test('a configuration is rendered for a reverse proxy only', () => {
  assert.throws(() => renderNginx(plan, 'fe01.contoso.net'), { code: 'USHER_NOT_A_REVERSE_PROXY' });
});
