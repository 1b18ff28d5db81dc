import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceRouteOf } from './service-route.ts';

const path = (entry: string) => [
  `<sip:token@edge01.contoso.net;transport=tls;lr;ob;entry=${entry}>`,
];

test('a client behind an Edge is told the Edge as it knows it, by name or address', () => {
  assert.equal(
    serviceRouteOf(path('sip.contoso.com:15443')),
    '<sip:sip.contoso.com:15443;transport=tls;lr>',
  );
  assert.equal(serviceRouteOf(path('192.0.2.20:15443')), '<sip:192.0.2.20:15443;transport=tls;lr>');
  assert.equal(
    serviceRouteOf(path('[2001:db8::20]:15443')),
    '<sip:[2001:db8::20]:15443;transport=tls;lr>',
  );
});

test('of several proxies on the path the one next to the client counts', () => {
  const other = '<sip:proxy.contoso.net;lr;entry=inside.contoso.net:15061>';
  assert.equal(
    serviceRouteOf([other, ...path('sip.contoso.com:15443')]),
    '<sip:sip.contoso.com:15443;transport=tls;lr>',
  );
});

test('nothing is told without a path, by an Edge of another make, or for an entry that is none', () => {
  assert.equal(serviceRouteOf([]), undefined);
  assert.equal(serviceRouteOf(['<sip:token@edge01.contoso.net;lr;ob>']), undefined);
  for (const entry of ['sip.contoso.com', 'a:', 'a%3eb:1', 'a:999999', 'a%40b:1']) {
    assert.equal(serviceRouteOf(path(entry)), undefined, entry);
  }
});
