import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeMarkup } from './markup.ts';

test('text means itself in content and attributes, whatever is in it', () => {
  assert.equal(
    escapeMarkup(`<a href="x" id='y'>Müller & 😀</a>`),
    '&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;Müller &amp; 😀&lt;/a&gt;',
  );
});

test('what XML cannot carry is replaced', () => {
  assert.equal(escapeMarkup('a\0b\u001bc\ud800d\te\n'), 'a\ufffdb\ufffdc\ufffdd\te\n');
});
