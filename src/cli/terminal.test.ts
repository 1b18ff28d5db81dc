import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UsherError } from '#base';
import { progress } from './progress.ts';
import { terminal } from './terminal.ts';
import { fakeWorld } from './world.fixture.ts';

const global = { language: 'en', state: undefined, rest: [] } as const;

const colours = (isTTY: boolean, env: Record<string, string>): boolean => {
  const world = fakeWorld('', env);
  world.stdout.isTTY = isTTY;
  const { colour, release } = terminal(global, world);
  release();
  return colour;
};

const width = (columns: number | undefined): number => {
  const world = fakeWorld();
  if (columns !== undefined) world.stdout.columns = columns;
  const context = terminal(global, world);
  context.release();
  return context.columns;
};

describe('a terminal', () => {
  test('gives each question the next piped line, and says when there is none', async () => {
    const world = fakeWorld('first\nsecond\n');
    const context = terminal(global, world);
    assert.equal(await context.ask('one? '), 'first');
    assert.equal(await context.ask('two? ', { hidden: true }), 'second');
    await assert.rejects(
      context.ask('three? '),
      (error) => error instanceof UsherError && error.code === 'USHER_INPUT_ENDED',
    );
    context.release();
    assert.equal(world.out(), '');
    assert.equal(world.errors(), 'one? \ntwo? \nthree? \n');
  });

  test('has colours only where somebody looks who wants them', () => {
    assert.equal(colours(true, {}), true);
    assert.equal(colours(false, {}), false);
    assert.equal(colours(true, { NO_COLOR: '1' }), false);
    assert.equal(colours(true, { NO_COLOR: '' }), true);
    assert.equal(colours(true, { TERM: 'dumb' }), false);
  });

  test('is 100 columns wide where nobody knows', () => {
    assert.deepEqual([undefined, 0, 60].map(width), [100, 100, 60]);
  });
});

describe('progress', () => {
  const context = { columns: 40, environment: {} };

  test('rewrites one line on a terminal, never wider than it', () => {
    let written = '';
    const stderr = { isTTY: true, write: (text: string) => (written += text) !== '' };
    const bar = progress(context, 'starting', stderr);
    bar.show(3, 8, 'a-host-with-a-very-long-name.contoso.net');
    bar.clear();
    const [, line = ''] = written.split('\r\u001B[K');
    assert.match(line, /^starting █+░+ 3\/8 a-hos/u);
    assert.equal(line.length, 39);
    assert.ok(written.endsWith('\r\u001B[K'));
  });

  test('is silent elsewhere', () => {
    for (const [isTTY, environment] of [
      [false, {}],
      [true, { TERM: 'dumb' }],
    ] as const) {
      const stderr = { isTTY, write: () => assert.fail('something was written') };
      const bar = progress({ columns: 40, environment }, 'starting', stderr);
      bar.show(1, 2, 'x');
      bar.clear();
    }
  });
});
