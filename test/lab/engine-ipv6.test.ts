import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { engineNamed } from '#balancer';
import { Bench, Scene, whoAnswers, type Client } from '../../src/balancer/balancer.fixture.ts';
import { needs } from '../interop/support/programs.ts';
import { notOurs } from './support/namespace.ts';

const engines = [
  { engine: 'embedded', missing: false, cut: 'ECONNRESET' },
  {
    engine: 'nftables',
    missing: needs(['nft', 'nftables'], ['conntrack', 'conntrack']),
    cut: 'ECONNRESET',
  },
  {
    engine: 'haproxy',
    missing: needs(['haproxy', 'haproxy'], ['setpriv', 'util-linux']),
    cut: 'end',
  },
] as const;

/** The example with IPv6 addresses. */
const inIPv6 = (example: string): string =>
  example
    .replaceAll(/127\.(\d+)\.(\d+)\.(\d+)\/24/gu, 'fd00:$1:$2::/64')
    .replaceAll(/127\.(\d+)\.0\.0\/16/gu, 'fd00:$1::/32')
    .replaceAll(/127\.(\d+)\.(\d+)\.(\d+)/gu, 'fd00:$1:$2::$3');

/** The VIP, the balancer, both Directors. */
const servers = ['10', '5', '11', '12'].map((last) => `fd00:10:1::${last}`);
const clients = Array.from({ length: 20 }, (_, index) => `fd00:30:7::${index + 1}`);

describe('a VIP in IPv6', { skip: notOurs() }, () => {
  let bench: Bench;
  before(async () => {
    for (const address of [...servers, ...clients]) {
      execFileSync('ip', ['-6', 'address', 'add', `${address}/128`, 'dev', 'lo', 'nodad']);
    }
    bench = await Bench.open(inIPv6);
  });
  after(() => bench.close());

  for (const { engine, missing, cut } of engines) {
    describe(`with the ${engine} engine`, { skip: missing }, () => {
      let scene: Scene;
      before(async () => {
        scene = await Scene.open(bench, engineNamed(engine));
      });
      after(() => scene.close());

      const everybody = () =>
        Promise.all(clients.map((from) => whoAnswers(scene, 'webInternalPlain', from)));

      /** A session that goes on. */
      async function session(from: string): Promise<{ client: Client; host: string }> {
        const client = await scene.client('webInternalPlain', from);
        return { client, host: await client.ask('WHO') };
      }

      test('serves every port, with every member up', () => {
        const { services } = scene.balancer.status();
        assert.equal(services.length, 5);
        for (const { address, members } of services) {
          assert.equal(address, 'fd00:10:1::10');
          assert.deepEqual(
            members.map(({ state }) => state),
            ['up', 'up'],
          );
        }
      });

      test('keeps clients with their members, and shares them out', async () => {
        const bound = await everybody();
        assert.deepEqual(new Set(bound), new Set([scene.dir01.fqdn, scene.dir02.fqdn]));
        assert.deepEqual(await everybody(), bound);
      });

      test('drains: sessions go on and are cut at the deadline, everybody else moves', async () => {
        const { client, host } = await session('fd00:30:7::1');
        const other = [scene.dir01, scene.dir02].find(({ fqdn }) => fqdn !== host)?.fqdn;
        await scene.balancer.beginDrain(host, { deadline: 3000, force: false });
        assert.equal(await client.ask('STILL'), host);
        assert.deepEqual(new Set(await everybody()), new Set([other]));
        assert.equal(await client.end(), cut);
        await scene.balancer.resume(host);
        await scene.everyoneUp();
      });

      test('leaves a member out that was killed, and its clients move', async () => {
        const client = 'fd00:30:7::3';
        const host = await whoAnswers(scene, 'webInternalPlain', client);
        const { dir01, dir02 } = scene;
        const [killed, other] = dir01.fqdn === host ? [dir01, dir02] : [dir02, dir01];
        killed.kill();
        // It is bound to that member, so it finds out, and nobody waits for a probe.
        await whoAnswers(scene, 'webInternalPlain', client).catch(() => undefined);
        await scene.state(killed, 'webInternalPlain', 'down');
        assert.equal(await whoAnswers(scene, 'webInternalPlain', client), other.fqdn);
      });
    });
  }
});
