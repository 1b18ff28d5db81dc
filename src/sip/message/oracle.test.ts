import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { assertAgreement, assertEditAgreement, headsOf } from './agreement.fixture.ts';
import { exercise, proxyEdits } from './exercise.fixture.ts';
import { type FrameEvent, type HeaderEdit, StreamFramer, parseMessage } from './index.ts';
import { generatedMessage } from './generated.fixture.ts';
import { Random, cutRandomly, mutate } from './mutation.fixture.ts';
import type { MessageAccount } from './oracle.fixture.ts';
import { foundInputs, samples, tortureMessages } from './samples.fixture.ts';

const torture = tortureMessages();
const seeds = [...samples, ...torture];
const noCorpus = torture.length > 0 ? false : 'no RFC 4475 corpus at ../shared/torture';

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

const anySeed = fc.integer({ min: 0, max: 2 ** 31 - 1 });

/** Mutated bytes in the pieces a connection may deliver them in. */
function mutatedChunks(seed: number): Buffer[] {
  const random = new Random(seed);
  return cutRandomly(bytesOf(mutate(seeds, random)), random);
}

/** A generated message, or the seed of mutated ones: both are short to print. */
const anyInput = fc.oneof(generatedMessage, anySeed);

function chunksOf(input: string | number): Buffer[] {
  return typeof input === 'string' ? [bytesOf(input)] : mutatedChunks(input);
}

function isMessage(event: unknown): event is MessageAccount {
  return typeof event === 'object' && event !== null && 'startLine' in event;
}

function messagesOf(chunks: readonly Buffer[]) {
  const framer = new StreamFramer();
  const events: FrameEvent[] = chunks.flatMap((chunk) => [...framer.push(chunk)]);
  return events.filter((event) => event.kind === 'message').map((event) => event.message);
}

describe('parser and oracle agree', () => {
  test('on sound messages, however they are cut', () => {
    for (const sample of samples) {
      const bytes = bytesOf(sample);
      for (let at = 0; at <= bytes.length; at++) {
        const chunks = [bytes.subarray(0, at), bytes.subarray(at)];
        const { events } = assertAgreement(chunks);
        assert.ok(events.length === 1 && events.every(isMessage), JSON.stringify(events));
      }
    }
  });

  test('on the messages of RFC 4475', { skip: noCorpus }, () => {
    for (const message of torture) assertAgreement([bytesOf(message)]);
  });

  test('on mutations of both', () => {
    fc.assert(
      fc.property(anySeed, (seed) => void assertAgreement(mutatedChunks(seed))),
      { numRuns: 4000 },
    );
  });

  test('on mutations under limits so narrow that every one of them is met', () => {
    const limits = fc.record({
      head: fc.integer({ min: 1, max: 700 }),
      header: fc.integer({ min: 1, max: 120 }),
      headers: fc.integer({ min: 0, max: 12 }),
      vias: fc.integer({ min: 0, max: 3 }),
      body: fc.integer({ min: 0, max: 10 }),
    });
    fc.assert(
      fc.property(
        anySeed,
        limits,
        (seed, narrow) => void assertAgreement(mutatedChunks(seed), narrow),
      ),
      { numRuns: 2000 },
    );
  });

  test('on generated messages, none of whose parts is refused', () => {
    fc.assert(
      fc.property(generatedMessage, (text) => {
        const { events } = assertAgreement([bytesOf(text)]);
        const [message, ...others] = events;
        assert.ok(isMessage(message) && others.length === 0, JSON.stringify(events));
        assert.deepEqual(
          Object.entries(message).filter(([, view]) => view === 'refused'),
          [],
        );
      }),
      { numRuns: 1500 },
    );
  });

  for (const { name, bytes } of foundInputs()) {
    test(`on ${name}, which once broke something, cut at every byte`, () => {
      for (let at = 0; at <= bytes.length; at++) {
        const chunks = [bytes.subarray(0, at), bytes.subarray(at)];
        assertAgreement(chunks);
        for (const message of headsOf(chunks)) {
          exercise(message);
          for (const edits of proxyEdits) assertEditAgreement(message, edits);
        }
      }
    });
  }
});

describe('what leaves', () => {
  test('a message nobody edited is the bytes that came, and reads the same again', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const chunks = chunksOf(input);
        for (const message of messagesOf(chunks)) {
          const bytes = message.toBytes();
          assert.ok(Buffer.concat(chunks).includes(bytes));
          const again = parseMessage(bytes);
          assert.deepEqual(again.toBytes(), bytes);
          assert.deepEqual(again.spans, message.spans);
        }
      }),
      { numRuns: 1500 },
    );
  });

  const names = [
    'Via',
    'v',
    'Route',
    'record-route',
    'X-New',
    'Max-Forwards',
    'm',
    'TO',
    'Subject',
  ];
  const name = fc.constantFrom(...names);
  const value = fc.oneof(
    fc.constantFrom(
      '',
      'a, b',
      'a,',
      ',',
      '"a, b" <sip:c>, d',
      '<sip:a,b>',
      '"',
      '<',
      'a\r\nX: 1',
      'a\n',
    ),
    fc.stringMatching(/^[a-z0-9;=<>, ]{1,12}$/u),
  );
  const change: fc.Arbitrary<HeaderEdit> = fc.oneof(
    fc.record({ op: fc.constant('prepend' as const), name, value }),
    fc.record({ op: fc.constant('append' as const), name, value }),
    fc.record({ op: fc.constant('set' as const), name, value }),
    fc.record({ op: fc.constant('remove' as const), name }),
    fc.record({ op: fc.constant('removeFirstValue' as const), name }),
    fc.record({ op: fc.constant('replaceFirstVia' as const), value }),
    fc.record({
      op: fc.constant('requestUri' as const),
      value: fc.constantFrom('sip:new@h', 'tel:1', 'sip:a b', ''),
    }),
  );

  test('an edited message is what the same edits make of a list of lines', () => {
    fc.assert(
      fc.property(anyInput, fc.array(change, { minLength: 1, maxLength: 6 }), (input, changes) => {
        const chunks = chunksOf(input);
        for (const message of headsOf(chunks)) {
          const isRequest = message.isRequest && message.startLineFault === undefined;
          const edits = changes.filter(({ op }) => isRequest || op !== 'requestUri');
          assertEditAgreement(message, edits);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
