import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Conversation } from '#proof';
import { conversationLines } from './proof-text.ts';

const met: Conversation = {
  ok: true,
  from: 'a@x',
  to: 'b@x',
  callId: 'c',
  steps: ['b@x REGISTER → 200 OK'],
};

const say = (conversation: Conversation, language: 'en' | 'de'): string =>
  conversationLines(conversation, { language, colour: false, columns: 80 }).split('\n')[0] ?? '';

describe('the line about the demo users', () => {
  it('says that they met, and where', () => {
    assert.equal(say(met, 'en'), '✔ a@x and b@x met through the Edge');
    assert.equal(say({ ...met, inside: true }, 'en'), '✔ a@x and b@x met inside');
    assert.equal(say({ ...met, inside: true }, 'de'), '✔ a@x und b@x trafen sich intern');
  });

  it('says that they did not meet when they did not', () => {
    assert.equal(say({ ...met, ok: false }, 'en'), '✘ a@x and b@x did not meet through the Edge');
    assert.equal(say({ ...met, ok: false }, 'de'), '✘ a@x und b@x trafen sich nicht über den Edge');
  });
});
