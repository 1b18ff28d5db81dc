import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogRecord } from '../record.ts';
import { laddersOf } from './flow.ts';
import { Scene, type Leg } from './scene.ts';
import { ladderSvg } from './svg.ts';
import { ladderText, type LadderStyle } from './text.ts';

const edge = 'edge01.contoso.net';
const director = 'dir01.contoso.net';
const fe1 = 'fe01.contoso.net';
const fe3 = 'fe03.contoso.net';
const vip = { address: '127.10.1.10:1', pool: 'dirpool01.contoso.net' };
const parties = {
  alice: '127.0.0.1:40312',
  bob: '127.0.0.1:40788',
  [edge]: '127.10.8.11:1',
  [director]: '127.10.1.11:1',
  [fe1]: '127.10.2.11:1',
  [fe3]: '127.10.3.11:1',
};
const start = Date.UTC(2026, 10, 22, 13);
const self = { from: 'alice@contoso.com', to: 'alice@contoso.com' };
const toBob = { from: 'alice@contoso.com', to: 'bob@contoso.com' };
const toAlice = { from: 'bob@contoso.com', to: 'alice@contoso.com' };
const inside: Leg[] = [
  { from: 'alice', to: edge },
  { from: edge, to: director, via: vip },
  { from: director, to: fe1 },
];
const across: Leg[] = [
  ...inside,
  { from: fe1, to: fe3 },
  { from: fe3, to: edge },
  { from: edge, to: 'bob' },
];
const style: LadderStyle = {
  language: 'en',
  columns: 100,
  unicode: true,
  colour: false,
  roles: new Map([
    [edge, 'Edge'],
    [director, 'Director'],
    [fe1, 'Front End'],
    [fe3, 'Front End'],
  ]),
  vips: new Map([[vip.address, vip.pool]]),
};

function register(): Scene {
  return new Scene(parties, 'reg-1@alice', start)
    .request('REGISTER', 1, self, inside.slice(0, 2))
    .response('401 Unauthorized', 'REGISTER', 1, self, inside.slice(0, 2))
    .pause(3)
    .request('REGISTER', 2, self, inside)
    .response('200 OK', 'REGISTER', 2, self, inside);
}

function message(): Scene {
  return new Scene(parties, 'msg-1@alice', start)
    .request('MESSAGE', 1, toBob, across)
    .response('200 OK', 'MESSAGE', 1, toBob, across);
}

function draw(records: readonly LogRecord[], changes: Partial<LadderStyle> = {}): string {
  return laddersOf(records)
    .map((ladder) => ladderText(ladder, { ...style, ...changes }).join('\n'))
    .join('\n\n');
}

/** Any order but the right one; the same every time. */
function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item, index) => ({ item, key: (index * 7919) % 101 }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

test('A sign-in through the Edge and the VIP is drawn with one arrow a hop', () => {
  assert.equal(
    draw(shuffled(register().records)),
    `
Call-ID reg-1@alice · 2026-11-22T13:00:00.000Z · 10 messages, 12 ms

             alice                 edge01                dir01                  fe01
             client                 Edge                Director             Front End
               │                     │                     │                     │
    0 ms       ├───── REGISTER ─────▶│                     │                     │
    1 ms       │                     ├──── REGISTER ◆ ────▶│                     │
    2 ms       │                     │◀─ 401 Unauthorized ─┤                     │
    3 ms       │◀─ 401 Unauthorized ─┤                     │                     │
    7 ms       ├───── REGISTER ─────▶│                     │                     │
    8 ms       │                     ├──── REGISTER ◆ ────▶│                     │
    9 ms       │                     │                     ├───── REGISTER ─────▶│
   10 ms       │                     │                     │◀────── 200 OK ──────┤
   11 ms       │                     │◀────── 200 OK ──────┤                     │
   12 ms       │◀────── 200 OK ──────┤                     │                     │
               │                     │                     │                     │
  ◆ through the VIP 127.10.1.10:1 (dirpool01.contoso.net)
  alice: 127.0.0.1:40312`.trimStart(),
  );
});

test('A message from alice to bob and its answer show the whole path, in German and ASCII too', () => {
  assert.equal(
    draw(message().records, { language: 'de', unicode: false, columns: 90 }),
    `
Call-ID msg-1@alice - 2026-11-22T13:00:00.000Z - 12 Nachrichten, 11 ms

             alice        edge01       dir01         fe01         fe03         bob
             Client        Edge       Director    Front End    Front End      Client
               |            |            |            |            |            |
    0 ms       +- MESSAGE ->|            |            |            |            |
    1 ms       |            + MESSAGE * >|            |            |            |
    2 ms       |            |            +- MESSAGE ->|            |            |
    3 ms       |            |            |            +- MESSAGE ->|            |
    4 ms       |            |<-----------+------------+-- MESSAGE -+            |
    5 ms       |            +- MESSAGE --+------------+------------+----------->|
    6 ms       |            |<-----------+------------+------------+--- 200 OK -+
    7 ms       |            +- 200 OK ---+------------+----------->|            |
    8 ms       |            |            |            |<-- 200 OK -+            |
    9 ms       |            |            |<-- 200 OK -+            |            |
   10 ms       |            |<-- 200 OK -+            |            |            |
   11 ms       |<-- 200 OK -+            |            |            |            |
               |            |            |            |            |            |
  * über die VIP 127.10.1.10:1 (dirpool01.contoso.net)
  alice: 127.0.0.1:40312  bob: 127.0.0.1:40788`.trimStart(),
  );
});

test('A call with 100, 180, 200, ACK and BYE is one ladder with both directions', () => {
  const dialog: Leg[] = [
    { from: 'alice', to: edge },
    { from: edge, to: fe1 },
    { from: fe1, to: fe3 },
    { from: fe3, to: edge },
    { from: edge, to: 'bob' },
  ];
  const back = dialog.toReversed().map(({ from, to }) => ({ from: to, to: from }));
  const { records } = new Scene(parties, 'call-1@alice', start)
    .request('INVITE', 1, toBob, across.slice(0, 1))
    .response('100 Trying', 'INVITE', 1, toBob, across.slice(0, 1))
    .request('INVITE', 1, toBob, across.slice(1))
    .response('180 Ringing', 'INVITE', 1, toBob, across)
    .pause(1500)
    .response('200 OK', 'INVITE', 1, toBob, across)
    .request('ACK', 1, toBob, dialog)
    .pause(60_000)
    .request('BYE', 2, toAlice, back)
    .response('200 OK', 'BYE', 2, toAlice, back);
  assert.equal(
    draw(records, { columns: 104 }),
    `
Call-ID call-1@alice · 2026-11-22T13:00:00.000Z · 34 messages, 61.533 s

             alice           edge01          dir01            fe01            fe03            bob
             client           Edge          Director       Front End       Front End         client
               │               │               │               │               │               │
    0 ms       ├─── INVITE ───▶│               │               │               │               │
    1 ms       │◀─ 100 Trying ─┤               │               │               │               │
    2 ms       │               ├── INVITE ◆ ──▶│               │               │               │
    3 ms       │               │               ├─── INVITE ───▶│               │               │
    4 ms       │               │               │               ├─── INVITE ───▶│               │
    5 ms       │               │◀──────────────┼───────────────┼──── INVITE ───┤               │
    6 ms       │               ├─── INVITE ────┼───────────────┼───────────────┼──────────────▶│
    7 ms       │               │◀──────────────┼───────────────┼───────────────┼── 180 Ringing ┤
    8 ms       │               ├ 180 Ringing ──┼───────────────┼──────────────▶│               │
    9 ms       │               │               │               │◀─ 180 Ringing ┤               │
   10 ms       │               │               │◀─ 180 Ringing ┤               │               │
   11 ms       │               │◀─ 180 Ringing ┤               │               │               │
   12 ms       │◀─ 180 Ringing ┤               │               │               │               │
 1.513 s       │               │◀──────────────┼───────────────┼───────────────┼──── 200 OK ───┤
 1.514 s       │               ├─── 200 OK ────┼───────────────┼──────────────▶│               │
 1.515 s       │               │               │               │◀─── 200 OK ───┤               │
 1.516 s       │               │               │◀─── 200 OK ───┤               │               │
 1.517 s       │               │◀─── 200 OK ───┤               │               │               │
 1.518 s       │◀─── 200 OK ───┤               │               │               │               │
 1.519 s       ├──── ACK ─────▶│               │               │               │               │
 1.520 s       │               ├──── ACK ──────┼──────────────▶│               │               │
 1.521 s       │               │               │               ├──── ACK ─────▶│               │
 1.522 s       │               │◀──────────────┼───────────────┼────── ACK ────┤               │
 1.523 s       │               ├──── ACK ──────┼───────────────┼───────────────┼──────────────▶│
61.524 s       │               │◀──────────────┼───────────────┼───────────────┼────── BYE ────┤
61.525 s       │               ├──── BYE ──────┼───────────────┼──────────────▶│               │
61.526 s       │               │               │               │◀───── BYE ────┤               │
61.527 s       │               │◀──────────────┼────── BYE ────┤               │               │
61.528 s       │◀───── BYE ────┤               │               │               │               │
61.529 s       ├─── 200 OK ───▶│               │               │               │               │
61.530 s       │               ├─── 200 OK ────┼──────────────▶│               │               │
61.531 s       │               │               │               ├─── 200 OK ───▶│               │
61.532 s       │               │◀──────────────┼───────────────┼──── 200 OK ───┤               │
61.533 s       │               ├─── 200 OK ────┼───────────────┼───────────────┼──────────────▶│
               │               │               │               │               │               │
  ◆ through the VIP 127.10.1.10:1 (dirpool01.contoso.net)
  alice: 127.0.0.1:40312  bob: 127.0.0.1:40788`.trimStart(),
  );
});

test('Clocks that differ between hosts do not change the order', () => {
  const skewed = register().records.map((record) => ({
    ...record,
    at: record.host === director ? record.at - 5000 : record.at,
  }));
  const arrows = laddersOf(skewed)[0]?.arrows.map(({ from, to, label }) => [from, to, label]);
  const straight = laddersOf(register().records)[0]?.arrows;
  assert.deepEqual(
    arrows,
    straight?.map(({ from, to, label }) => [from, to, label]),
  );
});

test('A Director that cannot be asked stands there by what its neighbours saw of it', () => {
  const seen = register().records.filter((record) => record.host === edge);
  assert.equal(
    draw(seen, { columns: 80 }).split('\n').slice(2, 8).join('\n'),
    `
             alice                 edge01              dirpool01
             client                 Edge
               │                     │                     │
    0 ms       ├───── REGISTER ─────▶│                     │
    1 ms       │                     ├───── REGISTER ─────▶│
    2 ms       │                     │◀─ 401 Unauthorized ─┤`.slice(1),
  );
});

test('A terminal too narrow for the lifelines gets a list', () => {
  const lines = draw(message().records, { columns: 50 }).split('\n');
  assert.ok(lines.every((line) => line.length <= 50));
  assert.ok(lines.includes('    1 ms  edge01 ▶ dir01  MESSAGE ◆'), lines.join('\n'));
});

test('Several calls become several ladders, in the order they began', () => {
  const later = new Scene(parties, 'b', start + 1000).request('OPTIONS', 1, self, inside);
  const ladders = laddersOf([...later.records, ...register().records]);
  assert.deepEqual(
    ladders.map(({ callId }) => callId),
    ['reg-1@alice', 'b'],
  );
});

test('Colours paint arrows and change no character', () => {
  const plain = draw(register().records);
  const painted = draw(register().records, { colour: true });
  assert.notEqual(painted, plain);
  const escape = String.fromCharCode(27);
  assert.equal(painted.replaceAll(new RegExp(`${escape}\\[[0-9;]*m`, 'g'), ''), plain);
});

test('What a hostile client writes into names and reasons is drawn, not obeyed', () => {
  const evil = '\u001b[2J\u009b\u202e';
  const people = { from: `${evil}@x`, to: 'bob@contoso.com' };
  const { records } = new Scene(parties, `id${evil}`, start)
    .request(`INV${evil}`, 1, people, inside.slice(0, 1))
    .response(`404 ${evil}`, `INV${evil}`, 1, people, inside.slice(0, 1));
  const drawing = draw(records).replaceAll('\n', '');
  assert.doesNotMatch(drawing, /[\p{Cc}\p{Cf}]/u);
  assert.match(drawing, /\\x1b\[2J/);
  const svg = laddersOf(records)
    .map((ladder) => ladderSvg(ladder, style))
    .join('');
  assert.doesNotMatch(svg.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
});

test('The SVG escapes what it shows', () => {
  const people = { from: '"<b>&"@x', to: 'bob@contoso.com' };
  const { records } = new Scene(parties, '<id>', start).request('INFO', 1, people, inside);
  const svg = laddersOf(records)
    .map((ladder) => ladderSvg(ladder, style))
    .join('');
  assert.doesNotMatch(svg, /<b>|<id>/);
  assert.match(svg, /INFO \(dirpool01\.contoso\.net\)/);
});

test('No records make no ladder', () => {
  assert.deepEqual(laddersOf([]), []);
});
