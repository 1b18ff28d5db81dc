import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodeUtf8, printable, printableJson, printableLines, widthOf } from './printable.ts';

const steering = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

test('Terminal escape sequences in SIP fields are shown, not obeyed', () => {
  assert.equal(printable('\u001b]0;owned\u0007'), String.raw`\x1b]0;owned\x07`);
  assert.equal(printable('\u009b2J'), String.raw`\x9b2J`);
  assert.equal(printable('ab\u202egpj.exe'), String.raw`ab\u{202e}gpj.exe`);
});

test('Nothing that is printed can steer a terminal, as text, as lines and as JSON', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
  fc.assert(
    fc.property(text, (value) => {
      assert.doesNotMatch(printable(value), steering);
      for (const line of printableLines(value)) assert.doesNotMatch(line, steering);
      assert.doesNotMatch(printableJson({ value }), steering);
    }),
  );
});

test('JSON made printable is still the same value', () => {
  const value = { head: '\u001b[2J\u009b\u202e Jürgen 😀 "quoted" \\ \u{e0041}' };
  assert.deepEqual(JSON.parse(printableJson(value)), value);
});

test('Lines keep their order and lose only the last line end', () => {
  assert.deepEqual(printableLines('a\r\nb\tc\n\nd\r\n'), ['a', 'b c', '', 'd']);
});

test('UTF-8 kept as bytes is read for people, other bytes stay', () => {
  assert.equal(decodeUtf8(Buffer.from('Jürgen').toString('latin1')), 'Jürgen');
  assert.equal(decodeUtf8('\u00fc'), '\u00fc');
});

test('Wide characters take two columns, combining ones none', () => {
  assert.equal(widthOf('Müller'), 6);
  assert.equal(widthOf('日本'), 4);
  assert.equal(widthOf('e\u0301'), 1);
});
