import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { loadPlan, renderTable, siteRows, tableFormats, tableRows } from '../index.ts';
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
    site: [],
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
    site: z.array(
      z.strictObject({
        id: z.string().startsWith('SITE-'),
        protocols: z.array(z.enum(['tcp', 'udp'])).min(1),
        ports: z.array(z.strictObject({ first: z.int(), last: z.int() })).min(1),
        source: z.strictObject({ addresses: z.array(z.string()).min(1) }),
        destination: z.strictObject({ addresses: z.array(z.string()).min(1) }),
        owner: z.string(),
        reason: z.string(),
        expires: z.string().nullable(),
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

  it("keeps it for the site's own flows", () => {
    const section =
      'policy: [{ name: ssh, from: [administration], to: [hosts], service: ssh, owner: ops, reason: Shell. }]';
    const text = `${readFileSync('examples/contoso.yaml', 'utf8')}\n${section}\n`;
    const loaded = loadPlan(text, 'site.yaml');
    assert.ok(loaded.ok, JSON.stringify(loaded));
    const read = contract.parse(JSON.parse(render('json', { site: siteRows(loaded.plan) })));
    assert.deepEqual(
      read.site.map(({ id, protocols, ports, expires }) => ({ id, protocols, ports, expires })),
      [{ id: 'SITE-ssh', protocols: ['tcp'], ports: [{ first: 22, last: 22 }], expires: null }],
    );
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

describe("the site's own flows", () => {
  const text = readFileSync('examples/contoso.yaml', 'utf8');
  const section = `
policy:
  - { name: dns, from: [hosts], to: [127.50.0.53], service: dns, owner: Network team, reason: Names. }
  - { name: stun, from: [any], to: [127.20.0.11], protocol: udp, ports: [3478, 9200-9209], owner: noc, reason: <b>|Media, expires: 2027-06-30 }
`;
  const loaded = loadPlan(text + section, 'site.yaml');
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const site = siteRows(loaded.plan);

  it('stand below the rows in every format, marked, and nowhere when there are none', () => {
    for (const format of tableFormats) {
      const [without, printed] = [render(format), render(format, { site })];
      assert.ok(printed.length > without.length, format);
      assert.ok(printed.indexOf('SITE-dns') > printed.indexOf('DH-09'), format);
      assert.ok(!without.includes('SITE-'), format);
      if (format !== 'json' && format !== 'csv') {
        assert.ok(printed.includes('policy:'), format);
        assert.ok(!without.includes('policy:'), format);
        assert.ok(render(format, { site, language: 'de' }).includes('Standort'), format);
      }
    }
  });

  it('say protocol, ports, addresses, why, whose and how long', () => {
    const words = render('text', { site, columns: 160 });
    for (const word of ['UDP+TCP 53', 'UDP 3478,', '9200-9209', '127.50.0.53', 'any address']) {
      assert.ok(words.includes(word), word);
    }
    assert.match(words, /Names\. \(owner: Network team\)/u);
    assert.match(words, /Media \(owner: noc, valid until 2027-06-30\)/u);
    const csv = render('csv', { site }).split('\r\n').slice(-1)[0] ?? '';
    assert.match(csv, /^"SITE-stun","","","UDP","3478 9200-9209","","","any",.*"site",/u);
    assert.equal(csv.match(/"(?:[^"]|"")*"(?:,|$)/gu)?.length, 14);
    assert.ok(render('html', { site }).includes('&lt;b&gt;|Media'));
    assert.ok(render('md', { site }).includes('\\<b\\>\\|Media'));
  });

  it('keep to the terminal, whatever its width', () => {
    for (const columns of [45, 60, 80, 120]) {
      for (const line of render('text', { site, columns }).split('\n')) {
        assert.ok(line.length <= columns, `${columns}: ${line}`);
      }
    }
  });
});

describe('every format', () => {
  it('prints an empty table, too', () => {
    for (const format of tableFormats) assert.notEqual(render(format, {}, []), '', format);
  });
});
