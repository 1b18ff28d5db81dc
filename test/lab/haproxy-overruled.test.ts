import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { engineNamed } from '#balancer';
import { Bench, Scene } from '../../src/balancer/balancer.fixture.ts';
import { needs } from '../interop/support/programs.ts';
import { notOurs } from './support/namespace.ts';

const skip = notOurs() || needs(['haproxy', 'haproxy'], ['setpriv', 'util-linux']);

test(
  'HAProxy is overruled when it goes on calling a member down that answers',
  { skip },
  async () => {
    const bench = await Bench.open();
    const directory = await mkdtemp(join(tmpdir(), 'usher-overruled-'));
    const scene = await Scene.open(bench, engineNamed('haproxy'), { directory });
    const tell = async (command: string): Promise<string> => {
      const socket = connect({ path: join(directory, 'admin.sock') });
      socket.end(`${command}\n`);
      return await text(socket);
    };
    const server = 'dirpool01_contoso_net_webExternalPlain/dir01.contoso.net';
    const down = async (): Promise<boolean> => {
      const lines = (await tell('show stat -1 4 -1')).split('\n');
      const line = lines.find((one) => one.startsWith(`${server.replace('/', ',')},`)) ?? '';
      return line.includes(',DOWN,');
    };
    try {
      // What HAProxy's own check says when it alone fails; the next one is half a minute away.
      await tell(`set server ${server} health down`);
      assert.equal(await down(), true);
      assert.equal(scene.member(scene.dir01, 'webExternalPlain').state, 'up');
      for (let tries = 0; tries < 100 && (await down()); tries += 1) await pause(200);
      assert.equal(await down(), false);
      assert.equal(scene.member(scene.dir01, 'webExternalPlain').state, 'up');
    } finally {
      await scene.close();
      await bench.close();
      await rm(directory, { recursive: true, force: true });
    }
  },
);
