import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bob, contextOf, director, everybody, fe01, requestOf } from '../front-end.fixture.ts';
import type { FrontEndFacts } from './context.ts';
import { locateTarget } from './locate-target.ts';

for (const [uri, status, diagnosis] of [
  ['sip:nobody@contoso.com', 404, '1003'],
  ['sip:carol@contoso.com', 404, '4005'],
  ['sip:bob@elsewhere.example', 404, '1005'],
  ['sip:contoso.com', 404, '1005'],
  ['sip:bob@fe01.contoso.net', 404, '1005'],
] as const) {
  test(`${uri} gets ${status} with ${diagnosis}`, async () => {
    const outcome = await locateTarget(fe01, everybody).decide(
      contextOf(requestOf('MESSAGE', uri), director),
    );
    assert.ok(outcome.kind === 'respond' && outcome.status === status);
    assert.equal(outcome.headers?.[0]?.[1].split(';')[0], diagnosis);
  });
}

test('parameters, ports and escapes of the Request-URI do not hide the user', async () => {
  for (const uri of [
    'sip:bob@contoso.com:9;transport=tls',
    'sip:%62ob@CONTOSO.com',
    'sips:bob@contoso.com',
  ]) {
    const facts: FrontEndFacts = {};
    const outcome = await locateTarget(fe01, everybody).decide(
      contextOf(requestOf('MESSAGE', uri), director, facts),
    );
    assert.equal(outcome.kind, 'continue');
    assert.equal(facts.target, bob);
  }
});
