import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { type FrameEvent, StreamFramer, parseMessage, validate } from './index.ts';

/** The IETF's torture messages (RFC 4475) lie beside the repository, not in it. */
const corpus = new URL('../../../../shared/torture/', import.meta.url);
const manifestFile = new URL('manifest.json', corpus);
const skip = existsSync(manifestFile) ? false : 'no RFC 4475 corpus at ../shared/torture';

const manifestShape = z.object({
  rfc4475: z
    .array(
      z.object({
        file: z.string(),
        name: z.string(),
        title: z.string(),
        sha256: z.string(),
        objectingLayer: z.string(),
      }),
    )
    .length(50),
});
type Entry = z.infer<typeof manifestShape>['rfc4475'][number];

function entries(): readonly Entry[] {
  return manifestShape.parse(JSON.parse(readFileSync(manifestFile, 'utf8'))).rfc4475;
}

/** Where the stream differs from the manifest's datagram, or our element from its user agent. */
const verdicts: Readonly<Record<string, string>> = {
  clerr: 'waits for the announced body',
  ncl: 'frame content-length',
  mcl01: 'frame content-length',
  inv2543: 'frame content-length-missing',
  baddn: 'waits for the empty line',
  badvers: '505 version',
  mismatch01: '400 cseq-method',
  mismatch02: '400 cseq-method',
  escruri: '400 request-uri-headers',
  insuf: '400 header-missing',
  multi01: '400 header-twice',
  unkscm: '416 unsupported-scheme',
  novelsc: '416 unsupported-scheme',
  bext01: '420 bad-extension',
  ltgtruri: '400 startline-syntax',
  lwsruri: '400 startline-syntax',
  lwsstart: '400 startline-syntax',
  trws: '400 startline-syntax',
  bigcode: '400 startline-syntax',
  test: '400 startline-syntax',
  badinv01: '400 parameter-name',
  scalar02: '400 cseq-syntax',
  scalarlg: '400 cseq-syntax',
  quotbal: '400 unbalanced-quote',
  regbadct: '400 addr-spec',
  badaspec: '400 addr-spec',
};

/** The layer of the manifest a verdict belongs to. */
const layers: Readonly<Record<string, string>> = {
  '400 startline-syntax': 'startline',
  '505 version': 'validate',
  '400 cseq-method': 'validate',
  '400 request-uri-headers': 'validate',
  '400 header-missing': 'validate',
  '400 header-twice': 'validate',
  '416 unsupported-scheme': 'application',
  '420 bad-extension': 'application',
  '400 parameter-name': 'header',
  '400 cseq-syntax': 'header',
  '400 unbalanced-quote': 'header',
  '400 addr-spec': 'header',
};

function verdict(bytes: Buffer): string {
  const framer = new StreamFramer();
  const event = framer.push(bytes)[0];
  if (event === undefined) {
    const body = bytes.includes('\r\n\r\n');
    return body ? 'waits for the announced body' : 'waits for the empty line';
  }
  if (event.kind === 'fault') return `frame ${event.fault.code}`;
  assert.equal(event.kind, 'message');
  const fault = validate(event.message);
  return fault === undefined ? 'ok' : `${fault.status} ${fault.code}`;
}

/** Events as comparable text. */
function outline(events: readonly FrameEvent[]): string[] {
  return events.map((event) => {
    if (event.kind === 'message') {
      return createHash('sha256').update(event.message.toBytes()).digest('hex');
    }
    return event.kind === 'fault' ? event.fault.code : event.kind;
  });
}

describe('the 50 files of RFC 4475', { skip }, () => {
  for (const entry of skip === false ? entries() : []) {
    const bytes = readFileSync(new URL(entry.file, corpus));

    test(`${entry.name} (${entry.title}): ${verdicts[entry.name] ?? 'ok'}`, () => {
      assert.equal(createHash('sha256').update(bytes).digest('hex'), entry.sha256);
      const found = verdict(bytes);
      assert.equal(found, verdicts[entry.name] ?? 'ok');
      const layer = layers[found];
      if (layer !== undefined && entry.name !== 'test') assert.equal(layer, entry.objectingLayer);
    });

    test(`${entry.name} leaves byte for byte as it came`, () => {
      const event = new StreamFramer().push(bytes)[0];
      if (event?.kind !== 'message') return;
      const sent = event.message.toBytes();
      assert.deepEqual(sent, bytes.subarray(0, sent.length));
      if (entry.name !== 'dblreq') assert.equal(sent.length, bytes.length);
    });

    test(`${entry.name} gives the same events split at every offset`, () => {
      const whole = outline(new StreamFramer().push(bytes));
      for (let at = 1; at < bytes.length; at++) {
        const framer = new StreamFramer();
        const events = [...framer.push(bytes.subarray(0, at)), ...framer.push(bytes.subarray(at))];
        assert.deepEqual(outline(events), whole, `split at ${at}`);
      }
    });
  }

  test('dblreq holds two messages on a stream and one in a record', () => {
    const bytes = readFileSync(new URL('rfc4475/dblreq.dat', corpus));
    const events = new StreamFramer().push(bytes);
    const methods = events.flatMap((event) =>
      event.kind === 'message' ? [event.message.cseq.method] : [],
    );
    assert.deepEqual(methods, ['REGISTER', 'INVITE']);
    assert.equal(parseMessage(bytes).cseq.method, 'REGISTER');
  });

  test('baddn, given the empty line it lacks, fails in its display name', () => {
    const text = readFileSync(new URL('rfc4475/baddn.dat', corpus));
    const event = new StreamFramer().push(Buffer.concat([text, Buffer.from('\r\n')]))[0];
    assert.equal(event?.kind, 'message');
    assert.equal(validate(event.message)?.code, 'display-name');
  });

  test('inv2543 is a message where no stream has to be cut', () => {
    const bytes = readFileSync(new URL('rfc4475/inv2543.dat', corpus));
    const message = parseMessage(bytes);
    assert.equal(validate(message), undefined);
    assert.equal(message.topVia.branch, undefined);
    assert.equal(message.maxForwards, undefined);
  });

  test('wsinv is read through its folds', () => {
    const message = parseMessage(readFileSync(new URL('rfc4475/wsinv.dat', corpus)));
    assert.equal(message.to.tag, '1918181833n');
    assert.equal(message.maxForwards, 68);
    assert.deepEqual(message.cseq, { number: 9, method: 'INVITE' });
    assert.equal(message.topVia.branch, '390skdjuw');
    assert.deepEqual(
      message.vias.map((via) => via.transport),
      ['UDP', 'TCP', 'UDP'],
    );
    assert.equal(message.header('subject'), '');
  });
});
