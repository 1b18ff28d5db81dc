import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { searchCriteria, type SearchRequest } from './criteria.ts';
import { toRecord, type LogRecord } from './record.ts';
import { SegmentReader } from './segment.ts';
import { defaultStoreLimits, listSegments, Store, type StoreLimits } from './store.ts';

function storeIn(
  t: TestContext,
  limits: Partial<StoreLimits> = {},
  clock = { now: Date.UTC(2026, 0, 1) },
): { store: Store; directory: string; clock: { now: number } } {
  const directory = mkdtempSync(join(tmpdir(), 'usher-store-'));
  const store = new Store({
    directory,
    host: 'dir01.contoso.net',
    limits: { ...defaultStoreLimits, ...limits },
    now: () => clock.now,
  });
  t.after(() => {
    store.close();
    rmSync(directory, { recursive: true });
  });
  return { store, directory, clock };
}

interface Sketch {
  callId?: string;
  from?: string;
  to?: string;
  remote?: string;
  method?: string;
  status?: number;
  extra?: string;
  body?: string;
}

let sequence = 0;
function sketch(at: number, of: Sketch = {}): LogRecord {
  const { method = 'INVITE', status = 0, from = 'alice@contoso.com', to = 'bob@contoso.com' } = of;
  const first = status === 0 ? `${method} sip:${to} SIP/2.0` : `SIP/2.0 ${status} Reason`;
  const lines = [
    first,
    `Via: SIP/2.0/TLS a;branch=z9hG4bK1`,
    `From: <sip:${from}>;tag=1`,
    `To: <sip:${to}>`,
    `Call-ID: ${of.callId ?? 'call'}`,
    `CSeq: 1 ${method}`,
    ...(of.extra === undefined ? [] : [of.extra]),
  ];
  sequence += 1;
  const body = of.body === undefined ? undefined : Buffer.from(of.body);
  return toRecord(
    {
      kind: 'message',
      level: 'Info',
      at,
      sequence,
      direction: 'in',
      local: '127.10.1.11:5061',
      remote: of.remote ?? '127.10.8.11:40000',
      peer: 'edge01.contoso.net',
      label: 'sip',
      head: `${lines.join('\r\n')}\r\n\r\n`,
      bodyLength: body?.length ?? 0,
      body,
    },
    { host: 'dir01.contoso.net', writer: String(process.pid) },
    () => true,
  );
}

function find(store: Store, request: SearchRequest): LogRecord[] {
  const search = store.search(searchCriteria.parse(request));
  const records: LogRecord[] = [];
  for (;;) {
    const page = search.next(100, 1000);
    records.push(...page.records);
    if (page.done) return records;
  }
}

test('What is appended is found again, byte for byte, oldest first', (t) => {
  const { store, clock } = storeIn(t);
  const records = [
    sketch(clock.now, { extra: 'Subject: J\u00c3\u00bcrgen \u00ff', body: 'v=0\r\n\u0000\u0001' }),
    sketch(clock.now + 1, { status: 200 }),
  ];
  store.append(records);
  assert.deepEqual(find(store, {}), records);
});

test('Records are found by Call-ID, URI, user, IP, time, text, method and status', (t) => {
  const { store, clock } = storeIn(t);
  const call = sketch(clock.now, { callId: 'odd"id\u00fc<>@x', extra: 'Subject: Lunch' });
  const text = sketch(clock.now + 10, {
    callId: 'b',
    method: 'MESSAGE',
    from: 'carol@contoso.com',
  });
  const answer = sketch(clock.now + 20, {
    callId: 'c',
    status: 404,
    remote: '[2001:db8::1]:5061',
    to: 'dave@fabrikam.com',
    body: 'v=0 needle',
  });
  store.append([call, text, answer]);
  const odd = Buffer.from(call.callId, 'latin1').toString('utf8');
  assert.notEqual(odd, call.callId, 'bytes that are not UTF-8 cannot be typed');
  assert.deepEqual(find(store, { callIds: ['b', 'c'] }), [text, answer]);
  assert.deepEqual(find(store, { uri: 'sip:Carol@contoso.com' }), [text]);
  assert.deepEqual(find(store, { uri: 'dave' }), [answer]);
  assert.deepEqual(find(store, { uri: 'dav' }), []);
  assert.deepEqual(find(store, { ip: '2001:db8::1' }), [answer]);
  assert.deepEqual(find(store, { ip: '127.10.1.11' }), [call, text, answer]);
  assert.deepEqual(find(store, { text: 'subject: LUNCH' }), [call]);
  assert.deepEqual(find(store, { text: 'needle' }), [answer]);
  assert.deepEqual(find(store, { method: 'message' }), [text]);
  assert.deepEqual(find(store, { status: '4xx' }), [answer]);
  assert.deepEqual(find(store, { status: '404' }), [answer]);
  assert.deepEqual(find(store, { since: clock.now + 10, until: clock.now + 20 }), [text]);
  assert.deepEqual(find(store, { uri: 'carol', status: '404' }), []);
  assert.deepEqual(find(store, { uri: 'carol', status: '404', match: 'any' }), [text, answer]);
  assert.deepEqual(find(store, { level: 'Warning' }), []);
});

test('A Call-ID of UTF-8 is found as it is typed', (t) => {
  const { store, clock } = storeIn(t);
  const record = sketch(clock.now, { callId: Buffer.from('grün@x').toString('latin1') });
  store.append([record]);
  assert.deepEqual(find(store, { callIds: ['grün@x'] }), [record]);
});

test('What people search for is never read as SQL', (t) => {
  const { store, clock } = storeIn(t);
  const record = sketch(clock.now, { callId: `x' OR 1=1 --` });
  store.append([sketch(clock.now), record]);
  assert.deepEqual(find(store, { callIds: [`x' OR 1=1 --`] }), [record]);
  assert.deepEqual(find(store, { text: `%' OR '1'='1` }), []);
});

test('A search over sealed and open segments gives one order and stops at its limit', (t) => {
  const { store, directory, clock } = storeIn(t, { segmentBytes: 1 });
  const records = Array.from({ length: 6 }, (_, index) => sketch(clock.now + index));
  for (const record of records) {
    store.append([record]);
    clock.now += 1000;
  }
  assert.equal(listSegments(directory).length, 6);
  assert.deepEqual(find(store, {}), records);
  const limited = store.search(searchCriteria.parse({ limit: 2 }));
  assert.deepEqual(limited.next(100, 1000), { records: records.slice(0, 2), done: true });
  assert.equal(limited.truncated, true);
});

test('A search that finds nothing for long lets others have their turn', (t) => {
  const { store, clock } = storeIn(t, { segmentBytes: 1 });
  for (let index = 0; index < 40; index += 1) {
    store.append([sketch(clock.now)]);
    clock.now += 1000;
  }
  const search = store.search(searchCriteria.parse({ text: 'nowhere' }));
  let turns = 1;
  while (!search.next(100, 1).done) turns += 1;
  assert.ok(turns > 1, 'forty segments are not opened in one millisecond');
});

test('A sealed segment answers by its indexes', (t) => {
  const { store, directory, clock } = storeIn(t, { segmentBytes: 1 });
  const many = Array.from({ length: 500 }, (_, index) =>
    sketch(clock.now, {
      callId: `${index}`,
      from: `u${index}@x`,
      remote: `10.0.1.${index % 99}:1`,
    }),
  );
  store.append(many);
  store.append(many);
  const sealed = listSegments(directory)[0];
  assert.ok(sealed);
  const path = join(directory, sealed.name);
  for (const [criteria, index] of [
    [{ callIds: ['x'] }, 'entry_call_id'],
    [{ uri: 'a@b' }, 'entry_sender'],
    [{ ip: '10.0.1.1' }, 'connection_remote_ip'],
  ] as const) {
    const plan = SegmentReader.explain(path, searchCriteria.parse(criteria));
    assert.match(plan, new RegExp(index));
    assert.doesNotMatch(plan, /SCAN/);
  }
});

test('Old segments go whole, by age and by size, and never the one being written', (t) => {
  const day = 24 * 60 * 60 * 1000;
  const { store, directory, clock } = storeIn(t, { segmentAge: day, age: 3 * day });
  for (let index = 0; index < 6; index++) {
    store.append([sketch(clock.now)]);
    clock.now += day;
  }
  const starts = listSegments(directory).map((file) => (clock.now - file.startedAt) / day);
  assert.deepEqual(starts, [5, 4, 3, 2, 1]);
  clock.now += 100 * day;
  store.retain();
  assert.equal(listSegments(directory).length, 1, 'the open one stays');
});

test('The store stays within its size', (t) => {
  const { store, directory, clock } = storeIn(t, { segmentBytes: 60_000, totalBytes: 1_200_000 });
  const filler = `X-Filler: ${'x'.repeat(1000)}`;
  for (let index = 0; index < 100; index++) {
    store.append(Array.from({ length: 10 }, () => sketch(clock.now, { extra: filler })));
    clock.now += 1000;
  }
  store.retain();
  const total = listSegments(directory).reduce((sum, file) => sum + file.bytes, 0);
  assert.ok(total <= 1_200_000, `${total} bytes`);
  assert.ok(find(store, {}).length > 100, 'recent records are there');
});

test('Only the owner may read what is stored', (t) => {
  const { store, directory, clock } = storeIn(t);
  store.append([sketch(clock.now)]);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  for (const name of readdirSync(directory)) {
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name);
  }
});

test('A damaged segment is named and the others are still searched', (t) => {
  const { store, directory, clock } = storeIn(t);
  writeFileSync(join(directory, `${clock.now - 1000}-1.sqlite`), 'this is no database at all');
  const record = sketch(clock.now);
  store.append([record]);
  const search = store.search(searchCriteria.parse({}));
  assert.deepEqual(search.next(10, 1000).records, [record]);
  assert.equal(search.damaged.length, 1);
});

test('A follower sees what is appended after it looked, once', (t) => {
  const { store, clock } = storeIn(t);
  store.append([sketch(clock.now)]);
  const before = store.positions();
  const later = [sketch(clock.now), sketch(clock.now)];
  store.append(later);
  const search = store.search(searchCriteria.parse({}), before);
  assert.deepEqual(search.next(10, 1000).records, later);
  const again = store.search(searchCriteria.parse({}), search.positions);
  assert.deepEqual(again.next(10, 1000).records, []);
});

test('A follower opens no sealed segment twice, and minds no damaged one', (t) => {
  const { store, directory, clock } = storeIn(t, { segmentBytes: 1 });
  for (let index = 0; index < 3; index += 1) {
    store.append([sketch(clock.now)]);
    clock.now += 1000;
  }
  const start = store.positions();
  const [sealed] = listSegments(directory);
  assert.ok(sealed !== undefined);
  writeFileSync(join(directory, sealed.name), 'no database');
  assert.deepEqual(store.positions(), start);
  const record = sketch(clock.now);
  store.append([record]);
  const search = store.search(searchCriteria.parse({}), start);
  assert.deepEqual(search.next(100, 1000).records, [record]);
  assert.deepEqual(search.damaged, []);
});
