import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { UsherError, type Language } from '#base';
import { SqliteUserDirectory, ha1 } from '#identity';
import type { CliContext } from '../context.ts';
import { contosoFile } from '../plan-file.ts';
import { user } from './user.ts';

interface Shell {
  /** A file of the state directory. */
  readonly path: (name: string) => string;
  /** Runs `usher user …` with `answer` typed at the password prompt; what it printed. */
  readonly run: (args: readonly string[], answer?: string, language?: Language) => Promise<string>;
  /** HA1 stored for the local form of the username. */
  readonly stored: (aor: string) => string | undefined;
}

function shell(t: TestContext): Shell {
  const state = mkdtempSync(join(tmpdir(), 'usher-user-'));
  t.after(() => rmSync(state, { recursive: true, force: true }));
  return {
    path: (name) => join(state, name),
    async run(args, answer = '', language = 'en') {
      const out: string[] = [];
      const context: CliContext = {
        language,
        state,
        environment: {},
        colour: false,
        columns: 100,
        print: (text) => void out.push(text),
        complain: (text) => void out.push(text),
        ask: async (question, options) => {
          assert.equal(options?.hidden, true, question);
          return answer;
        },
        exit: () => {},
        interrupted: new AbortController().signal,
      };
      await user(context)
        .exitOverride()
        .parseAsync([...args], { from: 'user' });
      return out.join('\n');
    },
    stored(aor) {
      const users = new SqliteUserDirectory(join(state, 'users.db'));
      try {
        return users.verifier(aor, 'MD5');
      } finally {
        users.close();
      }
    },
  };
}

function refused(code: string, ...words: string[]): (error: unknown) => boolean {
  return (error) =>
    error instanceof UsherError &&
    error.code === code &&
    error.exitStatus === 2 &&
    words.every((word) => error.message.includes(word));
}

const inContoso = ['--topology', contosoFile];
const pool1 = ['--home-pool', 'fepool01.contoso.net'];
const pool2 = ['--home-pool', 'fepool02.contoso.net'];

describe('usher user', () => {
  test('adds, lists, moves, disables and removes', async (t) => {
    const { run, stored } = shell(t);
    assert.match(await run(['list']), /no users yet/u);
    const added = await run(
      ['add', 'sip:Alice@contoso.com', ...pool1, ...inContoso, '--name', 'Alice Ä'],
      'pw',
    );
    assert.equal(added, 'added alice@contoso.com, homed on fepool01.contoso.net');
    assert.equal(stored('alice@contoso.com'), ha1('MD5', 'alice', 'contoso.com', 'pw'));
    await run(['add', 'bob@contoso.com', ...pool2, ...inContoso, '--disabled'], 'pw');
    await run(['move', 'alice@contoso.com', ...pool2, ...inContoso]);
    await run(['disable', 'alice@contoso.com']);
    await run(['enable', 'bob@contoso.com']);
    assert.equal(
      await run(['list'], '', 'de'),
      [
        'ADRESSE            NAME     HEIMATPOOL            FREIGEGEBEN',
        'alice@contoso.com  Alice Ä  fepool02.contoso.net  nein',
        'bob@contoso.com    bob      fepool02.contoso.net  ja',
      ].join('\n'),
    );
    await run(['remove', 'alice@contoso.com']);
    assert.deepEqual(JSON.parse(await run(['list', '--json', '--pool', 'FEPOOL02.contoso.net'])), [
      {
        aor: 'bob@contoso.com',
        displayName: 'bob',
        homePool: 'fepool02.contoso.net',
        enabled: true,
      },
    ]);
  });

  test('takes the password from a prompt, from a file, or chooses one and shows it once', async (t) => {
    const { run, path, stored } = shell(t);
    await run(['add', 'alice@contoso.com', ...pool1, ...inContoso], 'first');
    writeFileSync(path('secret.txt'), 'from file\nand more\n');
    await run(['password', 'alice@contoso.com', '--password-file', path('secret.txt')]);
    assert.equal(stored('alice@contoso.com'), ha1('MD5', 'alice', 'contoso.com', 'from file'));
    const shown = await run(['password', 'alice@contoso.com', '--random-password']);
    const chosen = /^password: (.{20})$/mu.exec(shown)?.[1] ?? '';
    assert.equal(stored('alice@contoso.com'), ha1('MD5', 'alice', 'contoso.com', chosen));
    await assert.rejects(run(['password', 'alice@contoso.com'], ''), refused('USHER_USAGE'));
    await assert.rejects(
      run(['password', 'alice@contoso.com', '--random-password', '--password-file', 'x']),
      refused('USHER_USAGE'),
    );
  });

  test('refuses foreign domains, pools that home nobody, users there are and users there are not', async (t) => {
    const { run } = shell(t);
    const add = (...args: string[]): Promise<string> => run(['add', ...args, ...inContoso], 'pw');
    await assert.rejects(add('a@fabrikam.com', ...pool1), refused('USHER_USAGE', 'fabrikam.com'));
    await assert.rejects(
      add('a@contoso.com', '--home-pool', 'dirpool01.contoso.net'),
      refused('USHER_USAGE', 'dirpool01', 'fepool01.contoso.net, fepool02.contoso.net'),
    );
    await add('a@contoso.com', ...pool1);
    await assert.rejects(add('A@contoso.com', ...pool1), refused('USHER_USER_EXISTS'));
    await assert.rejects(
      run(['remove', 'a@contoso.com', 'x@contoso.com', 'y@contoso.com']),
      refused('USHER_NO_SUCH_USER', 'x@contoso.com, y@contoso.com'),
    );
    assert.match(await run(['list']), /^a@contoso\.com/mu);
  });

  test('imports a whole file or nothing of it', async (t) => {
    const { run, path, stored } = shell(t);
    writeFileSync(
      path('bad.csv'),
      'aor,homePool,password\na@contoso.com,fepool01.contoso.net,x\nb@contoso.com,nowhere,x\n',
    );
    await assert.rejects(
      run(['import', path('bad.csv'), ...inContoso]),
      refused('USHER_IMPORT', 'bad.csv:3:15', 'nowhere'),
    );
    assert.match(await run(['list']), /no users yet/u);
    writeFileSync(
      path('good.yml'),
      '- { aor: a@contoso.com, homePool: fepool01.contoso.net, password: 007 }\n',
    );
    assert.equal(
      await run(['import', path('good.yml'), '--check', ...inContoso]),
      '1 user, no fault',
    );
    assert.match(await run(['list']), /no users yet/u);
    assert.equal(
      await run(['import', path('good.yml'), ...inContoso], '', 'de'),
      '1 Benutzer importiert',
    );
    assert.equal(stored('a@contoso.com'), ha1('MD5', 'a', 'contoso.com', '007'));
    await assert.rejects(
      run(['import', path('none.csv'), ...inContoso]),
      refused('USHER_USAGE', 'none.csv'),
    );
    await assert.rejects(run(['import', path('users.db'), ...inContoso]), refused('USHER_USAGE'));
  });

  test('has no option that takes a password', (t) => {
    const context: CliContext = {
      language: 'de',
      state: shell(t).path('x'),
      environment: {},
      colour: false,
      columns: 80,
      print: () => {},
      complain: () => {},
      ask: async () => '',
      exit: () => {},
      interrupted: new AbortController().signal,
    };
    for (const command of user(context).commands) {
      assert.ok(command.description() !== '');
      for (const option of command.options) {
        const { long, flags } = option;
        assert.ok(long === '--password-file' || !/password.*</u.test(flags), flags);
      }
    }
  });
});
