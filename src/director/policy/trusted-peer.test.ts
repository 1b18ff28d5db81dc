import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Peer } from '#sip';
import type { DirectorFacts } from './context.ts';
import { contextOf, dir01, requestOf } from '../director.fixture.ts';
import { trustedPeer } from './trusted-peer.ts';

const decider = trustedPeer(dir01);
const server = (fqdn: string): Peer => ({ kind: 'server', fqdn });

const table: readonly [what: string, peer: Peer, method: string, uri: string, expected: unknown][] =
  [
    [
      'an Edge brings remote users',
      server('edge01.contoso.net'),
      'INVITE',
      'sip:bob@contoso.com',
      'edge',
    ],
    ['a client signs in', { kind: 'client' }, 'REGISTER', 'sip:contoso.com', 'client'],
    [
      'the balancer asks for life',
      server('lb01.contoso.net'),
      'OPTIONS',
      'sip:dir01.contoso.net',
      'neighbour',
    ],
    [
      'a Front End asks for life',
      server('fe01.contoso.net'),
      'OPTIONS',
      'sip:dir01.contoso.net',
      'neighbour',
    ],
    ['the balancer calls a user', server('lb01.contoso.net'), 'INVITE', 'sip:bob@contoso.com', 403],
    [
      'the balancer asks for a user',
      server('lb01.contoso.net'),
      'OPTIONS',
      'sip:bob@contoso.com',
      403,
    ],
    [
      'a Front End sends users here',
      server('fe01.contoso.net'),
      'MESSAGE',
      'sip:bob@contoso.com',
      403,
    ],
    ['a server of no topology', server('evil.example'), 'OPTIONS', 'sip:dir01.contoso.net', 403],
  ];

for (const [what, peer, method, uri, expected] of table) {
  test(`${what}: ${String(expected)}`, async () => {
    const facts: DirectorFacts = {};
    const outcome = await decider.decide(contextOf(requestOf(method, uri), peer, facts));
    const found = outcome.kind === 'respond' ? outcome.status : facts.origin;
    assert.equal(found, expected);
  });
}

test('a refusal says in ms-diagnostics which trust is missing', async () => {
  const outcome = await decider.decide(contextOf(requestOf('INVITE'), server('evil.example')));
  assert.ok(outcome.kind === 'respond');
  assert.deepEqual(outcome.headers, [
    [
      'ms-diagnostics',
      '1010;reason="Certificate trust with next hop server could not be used";source="dir01.contoso.net"',
    ],
  ]);
});
