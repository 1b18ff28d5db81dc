import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { languages, type Language } from '#base';
import { commands } from './commands.ts';
import { main } from './index.ts';
import { fakeWorld } from './world.fixture.ts';

describe('usher', () => {
  test('without a command prints the overview where errors go, and exits 2', async () => {
    const world = fakeWorld();
    assert.equal(await main([], world), 2);
    assert.equal(world.out(), '');
    assert.match(world.errors(), /^Usage: usher .*First steps:/su);
  });

  test('--help prints the overview with every command, and exits 0', async () => {
    const world = fakeWorld();
    assert.equal(await main(['--help'], world), 0);
    for (const { name, summary } of commands) {
      assert.ok(world.out().replaceAll(/\s+/gu, ' ').includes(` ${name} ${summary.en}`), name);
    }
  });

  test('--version prints the version of the package', async () => {
    const world = fakeWorld();
    assert.equal(await main(['--version'], world), 0);
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    assert.equal(world.out(), `usher ${version}\n`);
  });

  const wrong: readonly (readonly [string, Language, RegExp])[] = [
    ['prots', 'en', /unknown command prots\n.*Did you mean ports\?/u],
    ['prots', 'de', /unbekannter Befehl prots\n.*Meinten Sie ports\?/u],
    ['frobnicate', 'en', /unknown command frobnicate\n.*"usher --help"/u],
    ['user lst', 'en', /unknown command lst\n.*Did you mean list\?.*"usher user --help"/u],
    ['ports --fromat x', 'en', /unknown option --fromat\n.*--format\?/u],
    ['ports --fromat x', 'de', /unbekannte Option --fromat\n.*--format\?/u],
    ['ports a b', 'de', /zu viele Argumente: a, b/u],
    ['ports --format xml', 'en', /xml.*\n.*text, md, html, csv, json/u],
    ['serve', 'de', /das Argument <host> fehlt/u],
    ['logs search --uri', 'en', /--uri <uri> needs a value/u],
    ['logs start', 'de', /die Option --scenario <name> fehlt/u],
    ['user import x.csv --format xml', 'de', /xml ist keines von csv, json, yaml/u],
    ['ports no-such-file.yaml', 'en', /no-such-file\.yaml.*\n.*USHER_TOPOLOGY/u],
    ['ports --port-offset many', 'en', /many\n.*0 to 15000/u],
  ];
  for (const [call, language, complaint] of wrong) {
    test(`${call}: says in ${language} what is wrong and what to do, and exits 2`, async () => {
      const world = fakeWorld();
      assert.equal(await main([...call.split(' '), '--lang', language], world), 2);
      assert.match(world.errors(), complaint);
      assert.match(world.errors(), /\[USHER_\w+\]\n$/u);
      assert.equal(world.out(), '');
    });
  }

  test('speaks the language of LANG about a language it does not have', async () => {
    const world = fakeWorld('', { LANG: 'de_DE.UTF-8' });
    assert.equal(await main(['--lang', 'fr'], world), 2);
    assert.match(world.errors(), /die Sprache ist en oder de/u);
  });

  test('ends quietly when the reader of its output has gone', async () => {
    const world = fakeWorld();
    const status = main(['ports', 'examples/contoso.yaml'], world);
    world.stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    assert.equal(await status, 0);
    assert.equal(world.errors(), '');
  });

  test('listens for signals only while a command runs', async () => {
    const before = process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');
    await main(['ports', 'examples/contoso.yaml'], fakeWorld());
    assert.equal(process.listenerCount('SIGINT') + process.listenerCount('SIGTERM'), before);
  });

  test('reads a password from a pipe', async (t) => {
    const state = mkdtempSync(join(tmpdir(), 'usher-cli-'));
    t.after(() => rmSync(state, { recursive: true, force: true }));
    const world = fakeWorld('a long enough secret\n', { USHER_STATE: state });
    const add = ['user', 'add', 'eve@contoso.com', '--home-pool', 'fepool01.contoso.net'];
    const status = await main([...add, '--topology', 'examples/contoso.yaml'], world);
    assert.equal(status, 0, world.errors());
    assert.doesNotMatch(world.out() + world.errors(), /long enough/u);
    const list = fakeWorld('', { USHER_STATE: state });
    await main(['user', 'list'], list);
    assert.match(list.out(), /eve@contoso\.com/u);
  });
});

/** Names of the commands below one, as its help lists them. */
async function below(path: readonly string[]): Promise<readonly string[]> {
  const world = fakeWorld();
  await main([...path, '--help'], world);
  const [, list = ''] = /\nCommands:\n(.*?)\n\n/su.exec(world.out()) ?? [];
  const names = [...list.matchAll(/^ {2}([a-z-]+)/gmu)].map(([, name = '']) => name);
  return names.filter((name) => name !== 'help');
}

describe('--help', () => {
  const examples: Readonly<Record<Language, RegExp>> = {
    en: /^Examples?(?:,.*)?:\n +usher /mu,
    de: /^Beispiele?(?:,.*)?:\n +usher /mu,
  };

  for (const { name } of commands) {
    test(`of ${name} and all below it has an example in both languages, and exits 0`, async () => {
      const inner = (await below([name])).map((each) => [name, each]);
      for (const path of [[name], ...inner]) {
        for (const language of languages) {
          const world = fakeWorld();
          const status = await main([...path, '--help', '--lang', language], world);
          assert.equal(status, 0, path.join(' '));
          assert.match(world.out(), examples[language], `usher ${path.join(' ')} (${language})`);
          assert.equal(world.errors(), '');
        }
      }
    });
  }

  test('is the same as usher help COMMAND', async () => {
    const [one, other] = [fakeWorld(), fakeWorld()];
    await main(['help', 'verify'], one);
    await main(['verify', '--help'], other);
    assert.equal(one.out(), other.out());
  });

  test('is German where German is asked for', async () => {
    const world = fakeWorld('', { LC_ALL: 'de_AT.UTF-8' });
    await main(['user', '--help'], world);
    assert.doesNotMatch(world.out(), /Usage|Options|Commands|display help|\[options\]/u);
  });
});
