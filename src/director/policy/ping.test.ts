import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ping } from './ping.ts';
import { contextOf, dir01, requestOf } from '../director.fixture.ts';

const decider = ping(dir01);

for (const uri of [
  'sip:dir01.contoso.net',
  'sip:DIR01.contoso.net',
  'sip:dirpool01.contoso.net;transport=tls',
  'sip:127.10.1.10',
  'sip:127.10.1.11',
  'sip:contoso.com',
]) {
  test(`OPTIONS ${uri} is answered here`, async () => {
    const answer = await decider.decide(contextOf(requestOf('OPTIONS', uri)));
    assert.ok(answer.kind === 'respond' && answer.status === 200);
  });
}

for (const [method, uri] of [
  ['OPTIONS', 'sip:bob@contoso.com'],
  ['OPTIONS', 'sip:dir02.contoso.net'],
  ['OPTIONS', 'sip:elsewhere.example'],
  ['INVITE', 'sip:dir01.contoso.net'],
] as const) {
  test(`${method} ${uri} travels on`, async () => {
    const outcome = await decider.decide(contextOf(requestOf(method, uri)));
    assert.equal(outcome.kind, 'continue');
  });
}

test('the answer says what may be sent here', async () => {
  const answer = await decider.decide(contextOf(requestOf('OPTIONS', 'sip:dir01.contoso.net')));
  assert.ok(answer.kind === 'respond');
  const headers = new Map(answer.headers);
  assert.match(
    headers.get('Allow') ?? '',
    /^REGISTER, INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE/u,
  );
  assert.equal(headers.get('Supported'), 'path, outbound');
});
