import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderField, Peer, SipRequest } from '#sip';
import {
  client,
  contextOf,
  director,
  edge,
  fe01,
  gateAt,
  plan,
  requestOf,
  server,
} from '../front-end.fixture.ts';
import { originOf } from './context.ts';
import type { FrontEndFacts } from './context.ts';
import { identify } from './identify.ts';

const asserted = (who: string): HeaderField => ['P-Asserted-Identity', `<sip:${who}@contoso.com>`];
const answer = (who: string, header = 'Proxy-Authorization'): HeaderField => [
  header,
  `Digest username="${who}", realm="contoso.com"`,
];

async function ask(request: SipRequest, peer: Peer, self = fe01) {
  const facts: FrontEndFacts = {};
  const context = contextOf(request, peer, facts);
  const known = originOf(self, context);
  if (known?.host !== undefined) facts.peerHost = known.host;
  if (known !== undefined) facts.origin = known.origin;
  return { outcome: await identify(gateAt(self)).decide(context), facts };
}

for (const peer of [director, server('fe03.contoso.net')]) {
  test(`what ${peer.kind === 'server' ? peer.fqdn : ''} asserts is believed`, async () => {
    const { outcome, facts } = await ask(
      requestOf('MESSAGE', undefined, [asserted('alice')]),
      peer,
    );
    assert.equal(outcome.kind, 'continue');
    assert.equal(facts.caller, 'alice@contoso.com');
    assert.equal(facts.provedHere, undefined);
  });
}

test('a telephone number beside the SIP identity is passed over', async () => {
  const both: HeaderField = ['P-Asserted-Identity', '<tel:+4930123456>, <sip:alice@contoso.com>'];
  const { facts } = await ask(requestOf('MESSAGE', undefined, [both]), director);
  assert.equal(facts.caller, 'alice@contoso.com');
});

test('a user switched off since they registered is refused with 403 and 4003', async () => {
  const { outcome } = await ask(requestOf('MESSAGE', undefined, [asserted('carol')]), director);
  assert.ok(outcome.kind === 'respond' && outcome.status === 403);
  assert.match(outcome.headers?.[0]?.[1] ?? '', /^4003;/u);
});

test('nobody registers without an identity, not even through a trusted server', async () => {
  const { outcome } = await ask(requestOf('REGISTER'), director);
  assert.ok(outcome.kind === 'respond' && outcome.status === 403);
});

test('a home server that asserts nobody still passes a message on', async () => {
  const { outcome, facts } = await ask(requestOf('MESSAGE'), server('fe03.contoso.net'));
  assert.equal(outcome.kind, 'continue');
  assert.equal(facts.caller, undefined);
});

test('a home server that asserts nobody vouches for no request inside a dialog we do not know', async () => {
  const inside: HeaderField = ['To', '<sip:bob@contoso.com>;tag=2'];
  const { outcome } = await ask(
    requestOf('MESSAGE', undefined, [inside]),
    server('fe03.contoso.net'),
  );
  assert.ok(outcome.kind === 'respond' && outcome.status === 403);
});

test('what a client asserts about itself is not believed: it is asked for its password', async () => {
  const { outcome } = await ask(requestOf('MESSAGE', undefined, [asserted('boss')]), client);
  assert.ok(outcome.kind === 'respond' && outcome.status === 407);
});

test('an internal client proves who it is', async () => {
  const { outcome, facts } = await ask(requestOf('MESSAGE', undefined, [answer('alice')]), client);
  assert.equal(outcome.kind, 'continue');
  assert.equal(facts.caller, 'alice@contoso.com');
  assert.equal(facts.provedHere, true);
});

test('an internal client that registers is asked with 401', async () => {
  const { outcome } = await ask(requestOf('REGISTER'), client);
  assert.ok(outcome.kind === 'respond' && outcome.status === 401);
});

test('an internal client cannot speak for another', async () => {
  const { outcome } = await ask(requestOf('MESSAGE', undefined, [answer('bob')]), client);
  assert.ok(outcome.kind === 'respond' && outcome.status === 403);
});

test('a new request of a remote user comes by the Director, or not at all', async () => {
  const { outcome } = await ask(requestOf('MESSAGE', undefined, [answer('alice')]), edge);
  assert.ok(outcome.kind === 'respond' && outcome.status === 403);
});

test('where the Edge has no Director before us, we ask its users ourselves', async () => {
  const edges = plan.topology.edges.map((host) => ({ ...host, nextHop: 'fepool01.contoso.net' }));
  const self = { ...fe01, topology: { ...plan.topology, edges } };
  const { outcome } = await ask(requestOf('MESSAGE'), edge, self);
  assert.ok(outcome.kind === 'respond' && outcome.status === 407);
});

test('an ACK that no dialog led further ends here', async () => {
  for (const peer of [director, edge, client]) {
    assert.equal((await ask(requestOf('ACK'), peer)).outcome.kind, 'drop');
  }
});
