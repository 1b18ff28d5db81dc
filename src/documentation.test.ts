import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { loadPlan, partyWords, protocolWords, tableRows } from '#ports';
import { commands } from './cli/commands.ts';

const read = (file: string): string => readFileSync(file, 'utf8');
const documents = ['*.md', 'docs/**/*.md'].flatMap((pattern) => globSync(pattern));

/** The product's own sources: neither tests nor what only tests use. */
const sources = globSync('src/**/*.ts').filter(
  (file) => !/\.(?:test|fixture|compliance)\.ts$/u.test(file),
);

describe('docs/errors.md', () => {
  /** Codes thrown anywhere, with whether they end a command with status 1. */
  const thrown = new Map<string, number>();
  for (const file of sources) {
    for (const match of read(file).matchAll(/(?<!\[|===? |!== )'(USHER_[A-Z_]+)'/gu)) {
      const [, code = ''] = match;
      const rest = match.input.slice(match.index, match.index + 600);
      const end = rest.search(/\n\s*\}\s*,?\s*\n?\s*\);|\}\);/u);
      const options = end === -1 ? rest : rest.slice(0, end);
      thrown.set(code, options.includes('exitStatus: 1') ? 1 : 2);
    }
  }
  const documented = new Map(
    [
      ...read('docs/errors.md').matchAll(
        /^\| `(USHER_[A-Z_]+)` +\| (\d) +\| (.+?) +\| (.+?) +\|$/gmu,
      ),
    ].map(([, code = '', status]) => [code, Number(status)] as const),
  );

  test('has a row for every code in the source', () => {
    const missing = [...thrown.keys()].filter((code) => !documented.has(code));
    assert.deepEqual(missing, []);
  });

  test('has no row for a code the source does not know', () => {
    const stale = [...documented.keys()].filter((code) => !thrown.has(code));
    assert.deepEqual(stale, []);
  });

  test('says the exit status the source says', () => {
    for (const [code, status] of documented) assert.equal(status, thrown.get(code), code);
  });
});

describe('the nine rows', () => {
  const file = 'examples/contoso.yaml';
  const loaded = loadPlan(read(file), file, {});
  assert.ok(loaded.ok);
  const nine = tableRows(loaded.plan, { all: false }).filter((row) => row.origin === 'table');

  const readmes = [
    ['README.md', 'en'],
    ['README.de.md', 'de'],
  ] as const;
  for (const [document, language] of readmes) {
    test(`stand in ${document} as usher ports prints them`, () => {
      const written = [...read(document).matchAll(/^\| (D[HDS]-\d+) .*\|$/gmu)].map(([line]) =>
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()),
      );
      const printed = nine.map((row) => [
        row.id,
        protocolWords(row),
        partyWords(row.source, language),
        partyWords(row.destination, language),
      ]);
      assert.deepEqual(written, printed);
    });
  }

  test('have their ports in the picture of both READMEs', () => {
    for (const [document] of readmes) {
      const picture = /```mermaid\n(.+?)```/su.exec(read(document))?.[1] ?? '';
      const shown = new Set(picture.match(/\d{2,5}/gu));
      // A range stands for what lies between its ends.
      const [low = 0, high = 0] = /(\d+)–(\d+)/u.exec(picture)?.slice(1).map(Number) ?? [];
      for (const { id, port } of nine) {
        const ranged = low <= port && port <= high;
        assert.ok(shown.has(String(port)) || ranged, `${document}: ${id} ${port}`);
      }
    }
  });
});

describe('every document', () => {
  for (const document of documents) {
    test(`${document} links to files that exist`, () => {
      for (const [, target = ''] of read(document).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/gu)) {
        if (/^[a-z]+:/u.test(target)) continue;
        assert.ok(existsSync(join(dirname(document), target)), target);
      }
    });

    test(`${document} names source files that exist`, () => {
      for (const [, path = ''] of read(document).matchAll(
        /`((?:src|test|examples|docs|bench)\/[\w./@-]+)`/gu,
      )) {
        assert.ok(existsSync(path), path);
      }
    });
  }

  test('quotes only commands usher has', async () => {
    const known = new Set(commands.map(({ name }) => name));
    for (const document of documents) {
      for (const [, name = ''] of read(document).matchAll(
        /(?:npx |`|^ {4})usher ([a-z][a-z-]*)/gmu,
      )) {
        assert.ok(known.has(name) || name === 'help', `${document}: usher ${name}`);
      }
    }
  });
});
