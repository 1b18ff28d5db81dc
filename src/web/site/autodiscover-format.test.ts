import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseFormat, renderAnswer } from './autodiscover-format.ts';

test('no Accept, and an Accept of anything, is answered as JSON', () => {
  assert.equal(chooseFormat('')?.contentType, 'application/json; charset=utf-8');
  assert.equal(chooseFormat('*/*')?.contentType, 'application/json; charset=utf-8');
});

test('the vendor type asked for is the vendor type given', () => {
  assert.equal(
    chooseFormat('application/vnd.microsoft.rtc.autodiscover+xml;v=1')?.contentType,
    'application/vnd.microsoft.rtc.autodiscover+xml;v=1',
  );
  assert.equal(
    chooseFormat('application/vnd.microsoft.rtc.autodiscover+json;v=1')?.contentType,
    'application/vnd.microsoft.rtc.autodiscover+json;v=1',
  );
});

test('the better quality wins, and a specific type over a range', () => {
  assert.equal(chooseFormat('application/json;q=0.5, text/xml')?.kind, 'xml');
  assert.equal(chooseFormat('*/*, application/xml')?.kind, 'xml');
  assert.equal(chooseFormat('text/html, application/*;q=0.8')?.kind, 'json');
});

test('what is refused or not offered is not chosen', () => {
  assert.equal(chooseFormat('text/html'), undefined);
  assert.equal(chooseFormat('application/json;q=0'), undefined);
});

test('a link with an ampersand stays one attribute of XML', () => {
  const reply = renderAnswer(
    {
      accessLocation: 'Internal',
      part: 'Root',
      links: [{ token: 'User', href: 'https://a/?b&"c' }],
    },
    { kind: 'xml', contentType: 'text/xml' },
  );
  assert.match(String(reply.body), /href="https:\/\/a\/\?b&amp;&quot;c"/u);
});
