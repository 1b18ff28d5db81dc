import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toJUnit, toReport, type Proof } from '#proof';
import { proofPage } from './proof-page.ts';

const finding = {
  kind: 'admitted',
  row: undefined,
  decided: { rule: 'DH-03', comment: 'DH-03: <server> to "server"' },
  packet: { source: '10.0.0.1', destination: '10.0.0.2', protocol: 'tcp', port: 445 },
  probes: 6,
} as const;

const proof: Proof = {
  rows: [],
  refusals: [],
  closed: { probed: 0, unexpectedlyOpen: [], remarks: [] },
  devices: [
    { device: 'gateway', direction: 'forward', probed: 100, admitted: 7, findings: [finding] },
    { device: 'dir01.x.net', direction: 'in', probed: 50, admitted: 3, findings: [] },
  ],
};
const when = new Date('2026-01-02T03:04:05Z');

test('the page of a proof needs no other file and runs no script', () => {
  const page = proofPage('Contoso', proof, undefined, when, 'en');
  assert.doesNotMatch(page, /<script|<link|<img|\bsrc=|url\(|@import/u);
  assert.match(page, /Contoso: .*NOT proven/u);
  assert.match(page, /DH-03: &lt;server&gt; to &quot;server&quot;/u);
});

test('the page is German when asked', () => {
  const page = proofPage('Contoso', proof, undefined, when, 'de');
  assert.match(page, /<html lang="de">/u);
  assert.match(page, /Contoso: .*NICHT nachgewiesen/u);
  assert.match(page, /wird zugelassen, keine Zeile verlangt es; entschieden von DH-03/u);
  assert.match(page, /1 Abweichung</u);
  for (const english of ['verdict', 'let pass', 'through it', 'as the table', 'refused']) {
    assert.ok(!page.includes(english), english);
  }
});

test('a device that admits too much fails the proof in every form of the report', () => {
  assert.equal(toReport(proof, undefined).ok, false);
  assert.deepEqual(toReport(proof, undefined).devices?.[0]?.findings, [finding]);
  const xml = toJUnit(proof, undefined);
  assert.match(xml, /failures="1"/u);
  assert.match(xml, /port 445 is admitted, no row asks for it; decided by DH-03/u);
});
