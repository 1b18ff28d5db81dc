import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderField } from '#sip';
import { requestOf } from '../front-end.fixture.ts';
import type { Binding } from './bindings.ts';
import { readRegistration, registrationAnswer } from './registration.ts';

const path: HeaderField = ['Path', '<sip:token@edge01.contoso.net;transport=tls;lr;ob>'];
const contact: HeaderField = ['Contact', '<sip:alice@192.0.2.1>'];

/** What a REGISTER with these headers asks for, or the status of its refusal. */
function read(...headers: readonly HeaderField[]) {
  const result = readRegistration(requestOf('REGISTER', 'sip:contoso.com', headers), undefined);
  if ('registration' in result) return result.registration;
  assert.ok(result.refusal.kind === 'respond');
  return result.refusal;
}

function lifetimes(...headers: readonly HeaderField[]): number[] {
  const result = read(path, ...headers);
  assert.ok('contacts' in result && result.contacts !== '*');
  return result.contacts.map(({ lifetime }) => lifetime);
}

test('a contact without a wish gets an hour', () => {
  assert.deepEqual(lifetimes(contact), [3600]);
});

test("the contact's own expires wins over the header", () => {
  const contacts = '<sip:alice@192.0.2.1>;expires=120, <sip:alice@192.0.2.2>';
  assert.deepEqual(lifetimes(['Contact', contacts], ['Expires', '600']), [120, 600]);
});

test('nonsense in expires counts as an hour', () => {
  assert.deepEqual(lifetimes(['Contact', '<sip:alice@192.0.2.1>;expires=soon']), [3600]);
  assert.deepEqual(lifetimes(contact, ['Expires', '-1']), [3600]);
  assert.deepEqual(lifetimes(contact, ['Expires', '99999999999999']), [3600]);
});

test('more than a day becomes a day', () => {
  assert.deepEqual(lifetimes(contact, ['Expires', '4294967295']), [86_400]);
});

test('less than a minute is refused with 423 and Min-Expires', () => {
  const refusal = read(path, contact, ['Expires', '59']);
  assert.ok('status' in refusal);
  assert.equal(refusal.status, 423);
  assert.deepEqual(refusal.headers, [['Min-Expires', '60']]);
});

test('zero is no interval too brief: it removes', () => {
  assert.deepEqual(lifetimes(contact, ['Expires', '0']), [0]);
});

test('the star needs Expires: 0', () => {
  const star: HeaderField = ['Contact', '*'];
  const granted = read(star, ['Expires', '0']);
  assert.ok('contacts' in granted && granted.contacts === '*');
  for (const headers of [[star], [star, ['Expires', '3600']]] as const) {
    const refusal = read(...headers);
    assert.ok('status' in refusal && refusal.status === 400);
  }
});

test('no contact fetches', () => {
  const fetch = read();
  assert.ok('contacts' in fetch);
  assert.deepEqual(fetch.contacts, []);
});

function q(text: string): number {
  const result = read(path, ['Contact', `<sip:alice@192.0.2.1>;q=${text}`]);
  assert.ok('contacts' in result && result.contacts !== '*');
  return result.contacts[0]?.q ?? -1;
}

test('q is kept, and malformed q counts as 1', () => {
  assert.deepEqual(
    ['0', '0.5', '1', '1.000', '0.333', '7', '1.5', 'x'].map(q),
    [0, 0.5, 1, 1, 0.333, 1, 1, 1],
  );
});

test('Path values are kept in order', () => {
  const result = read(contact, ['Path', '<sip:a@edge01.contoso.net;lr>, <sip:b@far.example;lr>']);
  assert.ok('path' in result);
  assert.deepEqual(result.path, ['<sip:a@edge01.contoso.net;lr>', '<sip:b@far.example;lr>']);
});

test('without a Path and without a connection of its own nobody could be reached: 421', () => {
  const refusal = read(contact);
  assert.ok('status' in refusal && refusal.status === 421);
  assert.deepEqual(refusal.headers, [['Require', 'path']]);
});

test('an internal client is reached over its connection, and its own Path is ignored', () => {
  const request = requestOf('REGISTER', 'sip:contoso.com', [contact, path]);
  const result = readRegistration(request, 'connection-7');
  assert.ok('registration' in result);
  assert.equal(result.registration.connection, 'connection-7');
  assert.deepEqual(result.registration.path, []);
});

test('extensions nobody knows are refused with 420', () => {
  const refusal = read(path, contact, ['Require', 'path, teleport'], ['Require', 'outbound']);
  assert.ok('status' in refusal && refusal.status === 420);
  assert.deepEqual(refusal.headers, [['Unsupported', 'teleport']]);
});

const long = 'x'.repeat(600);
for (const [what, headers] of [
  ['an oversize contact', [path, ['Contact', `<sip:${long}@192.0.2.1>`]]],
  ['an oversize instance', [path, ['Contact', `<sip:a@192.0.2.1>;+sip.instance="<${long}>"`]]],
  ['an oversize Call-ID', [path, contact, ['Call-ID', long]]],
  ['an oversize Path', [contact, ['Path', `<sip:${long}@edge01.contoso.net;lr>`]]],
  ['a Path that is no address', [contact, ['Path', 'nonsense']]],
  ['a contact that is no SIP URI', [path, ['Contact', '<mailto:alice@contoso.com>']]],
  [
    'more contacts than anybody has',
    [
      path,
      ...Array.from({ length: 13 }, (_, i): HeaderField => ['Contact', `<sip:a@192.0.2.${i}>`]),
    ],
  ],
] as const satisfies readonly (readonly [string, readonly HeaderField[]])[]) {
  test(`${what} is refused with 400`, () => {
    const refusal = read(...headers);
    assert.ok('status' in refusal && refusal.status === 400);
  });
}

const binding: Binding = {
  uri: 'sip:alice@192.0.2.1',
  q: 0.5,
  instance: '<urn:uuid:1>',
  regId: '1',
  path: [],
  connection: undefined,
  callId: 'c',
  cseq: 1,
  updatedAt: 0,
  expiresAt: 90_500,
};

test('the answer lists every binding with what is left of its life, the Path, and outbound', () => {
  const request = requestOf('REGISTER', 'sip:contoso.com', [
    path,
    ['Contact', '<sip:alice@192.0.2.1>;+sip.instance="<urn:uuid:1>";reg-id=1'],
    ['Supported', 'path, outbound'],
  ]);
  const result = readRegistration(request, undefined);
  assert.ok('registration' in result);
  const answer = registrationAnswer(request, result.registration, [binding], 30_000);
  assert.ok(answer.kind === 'respond' && answer.status === 200);
  assert.deepEqual(answer.headers, [
    ['Contact', '<sip:alice@192.0.2.1>;expires=61;q=0.5;+sip.instance="<urn:uuid:1>";reg-id=1'],
    path,
    ['Require', 'outbound'],
    ['Supported', 'path, outbound'],
  ]);
});

test('a client that does not know outbound is not asked to', () => {
  const request = requestOf('REGISTER', 'sip:contoso.com', [path, contact]);
  const result = readRegistration(request, undefined);
  assert.ok('registration' in result);
  const answer = registrationAnswer(request, result.registration, [], 0);
  assert.ok(answer.kind === 'respond');
  assert.equal(
    answer.headers?.find(([name]) => name === 'Require'),
    undefined,
  );
});
