import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { loadPlan, renderTable, tableFormats, tableRows } from '../index.ts';
import type { Plan, TableFormat, TableRow } from '../index.ts';

function plan(): Plan {
  const loaded = loadPlan(readFileSync('examples/contoso.yaml', 'utf8'), 'contoso.yaml');
  assert.ok(loaded.ok);
  return loaded.plan;
}

const contoso = plan();
const rows = tableRows(contoso, { all: false });
const allRows = tableRows(contoso, { all: true });

const render = (
  format: TableFormat,
  options: Partial<Parameters<typeof renderTable>[1]> = {},
  which: readonly TableRow[] = rows,
): string =>
  renderTable(which, {
    format,
    language: 'en',
    name: 'Contoso',
    columns: 100,
    colour: false,
    ...options,
  });

const hostile: TableRow = {
  ...(rows[0] ?? assert.fail('the table has rows')),
  id: '=1+1',
  note: { en: '<script>"x" & \'y\' | `z`</script>', de: '@SUM(A1)' },
};

describe('the port table as text', () => {
  it('fits the terminal, whatever its width from 45 characters on', () => {
    for (const columns of [45, 60, 80, 100, 120, 200]) {
      for (const language of ['en', 'de'] as const) {
        for (const line of render('text', { columns, language }, allRows).split('\n')) {
          assert.ok(line.length <= columns, `${columns}: ${line}`);
          assert.equal(line, line.trimEnd());
        }
      }
    }
  });

  it('says who, what, whereto and why in each row', () => {
    const [first = ''] = render('text').split('\n\n');
    for (const words of ['DH-01', 'HTTP/TCP 8080', 'Reverse proxy, internal', '127.10.1.10']) {
      assert.ok(first.includes(words), words);
    }
  });

  it('is German when asked', () => {
    const german = render('text', { language: 'de' });
    for (const words of ['Zeile', 'VIP des Directorpools', 'Interne Clients', 'jede Adresse']) {
      assert.ok(german.includes(words), words);
    }
  });

  it('has colours only when they are wanted', () => {
    assert.ok(!render('text').includes('\u001B'));
    assert.ok(render('text', { colour: true }).includes('\u001B[1m'));
  });

  it('writes the protocol as the reference does', () => {
    const text = render('text');
    for (const words of ['HTTPS/TCP 444', 'SIP/MTLS/TCP 5061', 'MTLS/TCP 50003']) {
      assert.ok(text.includes(words), words);
    }
    assert.ok(render('text', {}, allRows).includes('SIP/TLS/TCP 443'));
  });
});

describe('the port table as JSON', () => {
  const contract = z.strictObject({
    rows: z.array(
      z.strictObject({
        id: z.string(),
        application: z.enum(['HTTP', 'HTTPS', 'SIP', 'CLS', 'peers']),
        security: z.enum(['none', 'TLS', 'MTLS']),
        transport: z.literal('TCP'),
        port: z.int(),
        source: z.strictObject({
          role: z.string(),
          interface: z.enum(['internal', 'external']).nullable(),
          addresses: z.array(z.string()).min(1),
        }),
        destination: z.strictObject({
          role: z.string(),
          via: z.enum(['vip', 'member']),
          addresses: z.array(z.string()).min(1),
        }),
        origin: z.enum(['table', 'prose', 'derived', 'option']),
        note: z.string().min(1),
      }),
    ),
  });

  it('keeps the contract of the command line', () => {
    for (const which of [rows, allRows]) {
      const { rows: read } = contract.parse(JSON.parse(render('json', {}, which)));
      assert.deepEqual(
        read.map((row) => row.id),
        which.map((row) => row.id),
      );
    }
  });

  it('has the nine rows of the reference first', () => {
    const { rows: read } = contract.parse(JSON.parse(render('json')));
    const table = read.filter((row) => row.origin === 'table');
    assert.deepEqual(
      table.map((row) => row.port),
      [8080, 4443, 444, 80, 443, 5061, 50_001, 50_002, 50_003],
    );
  });
});

describe('the port table as CSV', () => {
  it('has as many fields in every line as in the first', () => {
    const lines = render('csv', {}, allRows).split('\r\n');
    assert.equal(lines.length, allRows.length + 1);
    for (const line of lines) assert.equal(line.match(/"(?:[^"]|"")*"(?:,|$)/gu)?.length, 14, line);
  });

  it('gives a spreadsheet nothing to compute', () => {
    const line = render('csv', { language: 'de' }, [hostile]).split('\r\n')[1] ?? '';
    assert.ok(line.startsWith(`"'=1+1",`));
    assert.ok(line.endsWith(`,"'@SUM(A1)"`));
    assert.ok(render('csv', {}, [hostile]).includes('""x""'));
  });
});

describe('the port table as Markdown', () => {
  it('has five cells in every line, however hostile the text', () => {
    const lines = render('md', {}, [...allRows, hostile])
      .split('\n')
      .slice(2);
    for (const line of lines) {
      assert.equal(line.replaceAll(/\\./gu, '').split('|').length, 7, line);
    }
  });
});

describe('the port table as HTML', () => {
  it('needs nothing from elsewhere and says its language', () => {
    const page = render('html', { language: 'de' });
    assert.match(page, /^<!doctype html>\n<html lang="de">/u);
    assert.doesNotMatch(page, /<script|<link|https?:|url\(|@import/u);
    assert.equal(page.match(/<tr>/gu)?.length, rows.length + 1);
    assert.equal(page.match(/<th scope="row"/gu)?.length, rows.length);
    assert.match(page, /<caption/u);
  });

  it('shows text as text', () => {
    const page = render('html', { name: '</title><script>alert(1)</script>' }, [hostile]);
    assert.doesNotMatch(page, /<script/u);
    assert.ok(page.includes('&lt;script&gt;&quot;x&quot; &amp; &#39;y&#39;'));
  });
});

describe('every format', () => {
  it('prints an empty table, too', () => {
    for (const format of tableFormats) assert.notEqual(render(format, {}, []), '', format);
  });
});
