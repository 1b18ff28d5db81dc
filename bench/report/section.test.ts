import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSection } from './section.ts';
import { markdownTable } from './table.ts';

test('a section comes to its place, is replaced there, and leaves the others alone', () => {
  const one = withSection('# Page\n', 'soak', 'soaked');
  const two = withSection(one, 'sip', 'fast');
  assert.ok(two.indexOf('fast') < two.indexOf('soaked'));
  const three = withSection(two, 'sip', 'faster');
  assert.doesNotMatch(three, /fast\n/u);
  assert.match(three, /faster\n\n<!-- \/bench:sip -->\n\n<!-- bench:soak -->\n\nsoaked\n/u);
  assert.equal(withSection(three, 'sip', 'faster'), three);
});

test('a table is laid out as the formatter would', () => {
  assert.equal(
    markdownTable(['what', 'rate'], [['redirect', '10']]),
    '| what     | rate |\n| -------- | ---: |\n| redirect |   10 |',
  );
});
