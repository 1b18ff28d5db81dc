import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alice, contextOf, edge, requestOf } from '../director.fixture.ts';
import type { DirectorFacts } from './context.ts';
import { limitUser } from './limit-user.ts';
import { UserLimit } from './user-limit.ts';

const emergency = requestOf('INVITE', undefined, [['Priority', 'emergency']]);
const inDialog = requestOf('INFO', undefined, [['To', '<sip:bob@contoso.com>;tag=2']]);

/** Three requests at once of each user. */
function decider(facts: DirectorFacts) {
  const limit = new UserLimit(1, 1);
  const { decide } = limitUser(limit);
  const sends = (request = requestOf('MESSAGE'), times = 1) =>
    Array.from({ length: times }, () => decide(contextOf(request, edge, facts))).map((outcome) =>
      'kind' in outcome ? outcome : assert.fail('a promise'),
    );
  return { limit, sends };
}

test('a user who sends too much hears 500 with Retry-After, which blames no server', () => {
  const { limit, sends } = decider({ origin: 'edge', caller: alice });
  const outcomes = sends(undefined, 5);
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.kind === 'respond' ? outcome.status : outcome.kind)),
    ['continue', 'continue', 'continue', 500, 500],
  );
  const last = outcomes.at(-1);
  assert.ok(last?.kind === 'respond');
  assert.deepEqual(last.headers, [['Retry-After', '2']]);
  assert.equal(limit.exceeded, 2);
});

test('dialogs of that user go on, and emergencies have room of their own, not without end', () => {
  const { sends } = decider({ origin: 'client', caller: alice });
  sends(undefined, 4);
  assert.deepEqual(
    sends(inDialog, 4).map(({ kind }) => kind),
    ['continue', 'continue', 'continue', 'respond'],
  );
  const kinds = sends(emergency, 12).map(({ kind }) => kind);
  assert.deepEqual(kinds.filter((kind) => kind === 'continue').length, 10);
});

test('nobody is counted before they are known, nor whom a trusted peer speaks for', () => {
  assert.ok(
    decider({ origin: 'edge' })
      .sends(undefined, 9)
      .every(({ kind }) => kind === 'continue'),
  );
  const peer = decider({ origin: 'peer', caller: alice });
  assert.ok(peer.sends(undefined, 9).every(({ kind }) => kind === 'continue'));
});
