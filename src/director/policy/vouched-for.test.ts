import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderField } from '#sip';
import { alice, contextOf, dir01, directoryOf, edge, requestOf } from '../director.fixture.ts';
import { authenticate } from './authenticate.ts';
import type { DirectorFacts, Origin } from './context.ts';
import { SignInBackoff } from './sign-in-backoff.ts';

const carol = { ...alice, aor: 'carol@contoso.com', enabled: false };
const decider = authenticate({
  self: dir01,
  realms: new Map(),
  directory: directoryOf(alice, carol),
  backoff: new SignInBackoff(),
});

const asserted = (aor: string): HeaderField => ['P-Asserted-Identity', `<sip:${aor}>`];
const from = (aor: string): HeaderField => ['From', `<sip:${aor}>;tag=1`];

const table: readonly [
  what: string,
  method: string,
  headers: readonly HeaderField[],
  expected: unknown,
][] = [
  ['the From names a user', 'MESSAGE', [from('alice@contoso.com')], 'alice@contoso.com'],
  [
    'the asserted user counts, not the From',
    'INVITE',
    [from('nobody@contoso.com'), asserted('alice@contoso.com')],
    'alice@contoso.com',
  ],
  ['a registration is for its To', 'REGISTER', [from('alice@contoso.com')], 'alice@contoso.com'],
  ['an unknown user', 'MESSAGE', [from('mallory@contoso.com')], 404],
  ['a user switched off', 'MESSAGE', [from('carol@contoso.com')], 403],
  ['nobody with a SIP address', 'MESSAGE', [['From', '<tel:+4930123>;tag=1']], 404],
];

for (const [what, method, headers, expected] of table) {
  test(`a trusted peer vouches: ${what}: ${String(expected)}`, async () => {
    const facts: DirectorFacts = { origin: 'peer' };
    const outcome = await decider.decide(
      contextOf(requestOf(method, undefined, headers), edge, facts),
    );
    assert.equal(outcome.kind === 'respond' ? outcome.status : facts.caller?.aor, expected);
  });
}

test('nobody else is believed about who a request is from', async () => {
  for (const origin of ['edge', 'client'] satisfies Origin[]) {
    const facts: DirectorFacts = { origin };
    const request = requestOf('MESSAGE', undefined, [asserted('alice@contoso.com')]);
    const outcome = await decider.decide(contextOf(request, edge, facts));
    assert.equal(outcome.kind, 'respond');
    assert.equal(facts.caller, undefined);
  }
});
