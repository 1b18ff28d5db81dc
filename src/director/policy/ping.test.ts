import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capabilities, ping } from './ping.ts';
import { contextOf, dir01, requestOf } from '../director.fixture.ts';

const answer = capabilities(['OPTIONS', 'INVITE'], ['path']);
const decider = ping(dir01, answer);

for (const uri of [
  'sip:dir01.contoso.net',
  'sip:DIR01.contoso.net',
  'sip:dirpool01.contoso.net;transport=tls',
  'sip:127.10.1.10',
  'sip:127.10.1.11',
  'sip:contoso.com',
]) {
  test(`OPTIONS ${uri} is answered here`, async () => {
    assert.equal(await decider.decide(contextOf(requestOf('OPTIONS', uri))), answer);
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

test('the answer says what may be sent here', () => {
  assert.ok(answer.kind === 'respond' && answer.status === 200);
  assert.deepEqual(answer.headers, [
    ['Allow', 'OPTIONS, INVITE'],
    ['Accept', '*/*'],
    ['Supported', 'path'],
  ]);
});
