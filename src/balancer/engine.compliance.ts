import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { systemErrorCode } from '#base';
import { memberCompliance, whoIsLeft } from './engine-members.compliance.ts';
import type { EngineFactory } from './engine.ts';
import { patternDigest, sendPattern } from './member.fixture.ts';
import { Bench, quick, Scene, type SceneOptions, whoAnswers } from './balancer.fixture.ts';
import { until } from './waiting.ts';

/** How a client learns that nobody is there for it: at connecting, or right after. */
const refusals = /ECONNRE(?:SET|FUSED)/u;

/** Opens a scene of its own for a test, and closes it after it. */
export type Stage = (run: (scene: Scene) => Promise<void>, options?: SceneOptions) => Promise<void>;

/** In what engines may differ. */
export interface Traits {
  /** How many can be on a machine at once. */
  readonly concurrency: number;
  /** How a client sees the end of a session that the engine cuts. */
  readonly cut: 'ECONNRESET' | 'end';
}

/** What every engine has to do, whatever it is made of; `engine` makes the one to be judged. */
export function engineCompliance(
  name: string,
  engine: EngineFactory,
  { concurrency, cut }: Traits,
): void {
  describe(`the ${name} engine`, { concurrency }, () => {
    let bench: Bench;
    before(async () => {
      bench = await Bench.open();
    });
    after(() => bench.close());

    const scene: Stage = async (run, options = {}) => {
      const open = await Scene.open(bench, engine, options);
      try {
        await run(open);
      } finally {
        await open.close();
      }
    };

    it('serves every port of the VIP, with every member up when it has started', () =>
      scene(async (open) => {
        for (const { service, members } of open.balancer.status().services) {
          assert.deepEqual(
            members.map(({ state, reason }) => ({ state, reason })).filter((m) => m.state !== 'up'),
            [],
            service,
          );
        }
        assert.equal(open.balancer.status().services.length, 5);
        assert.match(await whoAnswers(open, 'webExternalPlain'), /^dir0[12]\.contoso\.net$/u);
      }));

    it('keeps a client with its member on rows with affinity, and shares the clients out', () =>
      scene(async (open) => {
        const clients = Array.from({ length: 1000 }, (_, n) => `127.30.${n >> 5}.${(n & 31) + 1}`);
        const first = await whoAnswersEach(open, clients);
        assert.deepEqual(await whoAnswersEach(open, clients), first);
        const share = first.filter((host) => host === open.dir01.fqdn).length;
        assert.ok(Math.abs(share - 500) <= 50, `dir01 got ${share} of 1000`);
        await until(() => open.service('webInternalPlain').boundClients === 1000, 'all bound');
        // Those of the member that leaves move, the others stay.
        await open.balancer.beginDrain(open.dir01.fqdn, { deadline: 60_000, force: false });
        const moved = await whoAnswersEach(open, clients);
        assert.deepEqual(new Set(moved), new Set([open.dir02.fqdn]));
      }));

    it('shares connections out on rows without affinity', () =>
      scene(async (open) => {
        const held = await Promise.all(
          Array.from({ length: 40 }, () => open.client('webExternalPlain')),
        );
        const answers = await Promise.all(held.map((client) => client.ask('WHO')));
        const share = answers.filter((host) => host === open.dir01.fqdn).length;
        assert.equal(share, 20);
        await until(
          () => open.member(open.dir01, 'webExternalPlain').connections === 20,
          'the sessions to be counted',
        );
        for (const client of held) client.close();
        await until(
          () => open.member(open.dir01, 'webExternalPlain').connections === 0,
          'the sessions to be forgotten',
        );
      }));

    it('loses no connection to a member that was killed, and has it out before the next probe', () =>
      scene(
        async (open) => {
          open.dir01.kill();
          const answers = await open.whileUp(open.dir02, 'webExternalPlain', () =>
            Promise.all(Array.from({ length: 20 }, () => whoAnswers(open, 'webExternalPlain'))),
          );
          assert.deepEqual(new Set(answers), new Set([open.dir02.fqdn]));
          const { reason } = await open.state(open.dir01, 'webExternalPlain', 'down');
          assert.match(reason, /ECONNREFUSED/u);

          await open.dir01.listen();
          // Slowly at first: a few of many that stay.
          const later = await open.whileUp(open.dir01, 'webExternalPlain', async () => {
            const held = await Promise.all(
              Array.from({ length: 40 }, () => open.client('webExternalPlain')),
            );
            const answered = await Promise.all(held.map((client) => client.ask('WHO')));
            for (const client of held) client.close();
            return answered;
          });
          assert.ok(later.includes(open.dir01.fqdn), 'the member takes part again');
        },
        { probeInterval: quick },
      ));

    it('ends the sessions of a killed member at once, so that clients reconnect', () =>
      scene(async (open) => {
        const client = await open.client('webExternalPlain');
        const host = await client.ask('WHO');
        (host === open.dir01.fqdn ? open.dir01 : open.dir02).kill();
        assert.equal(await client.end(), cut);
        assert.notEqual(await whoAnswers(open, 'webExternalPlain'), host);
      }));

    it('has a frozen member out after one probe, web ports included, and resets its sessions', () =>
      scene(
        async (open) => {
          const held = await Promise.all([
            open.client('webExternalPlain'),
            open.client('webExternalPlain'),
          ]);
          const answers = await Promise.all(held.map((client) => client.ask('WHO')));
          const stuck = held[answers.indexOf(open.dir01.fqdn)];
          const other = held[answers.indexOf(open.dir02.fqdn)];
          open.dir01.frozen = true;
          const { reason } = await open.state(open.dir01, 'sip', 'down');
          assert.match(reason, /nothing within \d+ ms/u);
          assert.equal(await stuck?.end(), cut);
          assert.equal(open.member(open.dir01, 'webInternal').state, 'down');
          assert.equal(await other?.ask('STILL'), open.dir02.fqdn);
          other?.close();
        },
        { probeInterval: quick },
      ));

    it('keeps a member out whose certificate names another host, and says both names', () =>
      scene(
        async (open) => {
          const { state, reason } = open.member(open.dir02, 'sip');
          assert.equal(state, 'down');
          assert.match(reason, /dir02\.contoso\.net.*certificate names.*edge01\.contoso\.net/u);
          assert.equal(await whoAnswers(open, 'webExternalPlain'), open.dir01.fqdn);
        },
        { prepare: (open) => open.dir02.present('edge01.contoso.net') },
      ));

    it('takes the web ports of a member out when its SIP service stops', () =>
      scene(
        async (open) => {
          open.dir01.deafen('sip');
          const { reason } = await open.state(open.dir01, 'webInternalPlain', 'down');
          assert.match(reason, /follows the SIP service, which is down: .*ECONNREFUSED/u);
          const answer = await open.whileUp(open.dir02, 'webInternalPlain', () =>
            whoAnswers(open, 'webInternalPlain'),
          );
          assert.equal(answer, open.dir02.fqdn);
        },
        { probeInterval: quick },
      ));

    it('keeps sessions when a member only closes its listener: it may be draining', () =>
      scene(
        async (open) => {
          const client = await open.client('webExternalPlain');
          const host = await client.ask('WHO');
          const member = host === open.dir01.fqdn ? open.dir01 : open.dir02;
          member.deafen();
          await open.state(member, 'webExternalPlain', 'down');
          assert.equal(await client.ask('STILL'), host);
          client.close();
        },
        { probeInterval: quick },
      ));

    it('starts though a member cannot be reached, says which and why, and serves with the rest', () =>
      scene(
        async (open) => {
          await open.state(open.dir02, 'webExternalPlain', 'up');
          const { state, reason } = open.member(open.dir01, 'sip');
          assert.equal(state, 'down');
          assert.match(reason, /ECONNREFUSED/u);
          for (let asked = 0; asked < 4; asked += 1) {
            assert.equal(await whoAnswers(open, 'webExternalPlain'), open.dir02.fqdn);
          }
          await open.dir01.listen();
          await open.state(open.dir01, 'webExternalPlain', 'up');
        },
        { prepare: async ({ dir01 }) => dir01.kill(), probeInterval: quick },
      ));

    it('refuses clearly when every member is down, and recovers', () =>
      scene(
        async (open) => {
          open.dir01.kill();
          open.dir02.kill();
          await Promise.all([
            open.state(open.dir01, 'webExternalPlain', 'down'),
            open.state(open.dir02, 'webExternalPlain', 'down'),
          ]);
          assert.match(await open.refusal('webExternalPlain'), refusals);
          await until(
            () => open.service('webExternalPlain').refusals.noMember === 1,
            'the refusal to be counted',
          );
          await open.dir02.listen();
          assert.equal(await whoIsLeft(open), open.dir02.fqdn);
        },
        { probeInterval: quick },
      ));

    it('drains: old sessions go on, new ones and bound clients go elsewhere, the rest is cut', () =>
      scene(async (open) => {
        const client = await open.client('webInternalPlain', '127.30.9.9');
        const host = await client.ask('WHO');
        const other = host === open.dir01.fqdn ? open.dir02 : open.dir01;
        await open.balancer.beginDrain(host, { deadline: 2000, force: false });
        const shown = () => open.service('webInternalPlain').members.find((m) => m.host === host);
        assert.equal(await client.ask('STILL'), host);
        assert.equal(shown()?.state, 'draining');
        await until(() => shown()?.connections === 1, 'the session to be shown');
        assert.ok((shown()?.drainEndsIn ?? 0) > 0);
        assert.equal(await whoAnswers(open, 'webInternalPlain', '127.30.9.9'), other.fqdn);
        assert.equal(await client.end(), cut);
        await until(() => shown()?.cut === 1, 'the cut session to be counted');
        open.balancer.resumeMember(host);
        assert.equal(
          open.service('webInternalPlain').members.find((one) => one.host === host)?.state,
          'up',
        );
      }));

    it('loses no request of those that come while a member is drained', () =>
      scene(async (open) => {
        const ask = (count: number) =>
          Promise.all(Array.from({ length: count }, () => whoAnswers(open, 'webExternalPlain')));
        const earlier = ask(50);
        await open.balancer.beginDrain(open.dir01.fqdn, { deadline: 60_000, force: false });
        assert.deepEqual(new Set(await ask(50)), new Set([open.dir02.fqdn]));
        for (const host of await earlier) assert.match(host, /^dir0[12]\.contoso\.net$/u);
        await until(
          () => open.member(open.dir01, 'webExternalPlain').connections === 0,
          'the last session to leave',
        );
        assert.equal(open.member(open.dir01, 'webExternalPlain').cut, 0);
      }));

    it('gives a member no more connections than the topology allows, and says so when all are full', () =>
      scene(
        async (open) => {
          const held = await Promise.all(
            Array.from({ length: 6 }, () => open.client('webExternalPlain')),
          );
          const answers = await Promise.all(held.map((client) => client.ask('WHO')));
          assert.equal(answers.filter((host) => host === open.dir01.fqdn).length, 3);
          const seventh = await whoAnswers(open, 'webExternalPlain').catch(systemErrorCode);
          assert.match(String(seventh), refusals);
          await until(
            () => open.service('webExternalPlain').refusals.noMember === 1,
            'the refusal to be counted',
          );
          for (const client of held) client.close();
        },
        { balancing: { connectionsPerMember: 3 } },
      ));

    it('shares connections out by hash when the topology says so', () =>
      scene(
        async (open) => {
          const answers = await Promise.all(
            Array.from({ length: 100 }, () => whoAnswers(open, 'webExternalPlain')),
          );
          assert.deepEqual(new Set(answers), new Set([open.dir01.fqdn, open.dir02.fqdn]));
        },
        { balancing: { scheduling: 'maglev' } },
      ));

    it('ends a drain early when the last session leaves, and gives it up on resume', () =>
      scene(async (open) => {
        const client = await open.client('webExternalPlain');
        const host = await client.ask('WHO');
        const abandoned = open.balancer.drainMember(host, 60_000);
        open.balancer.resumeMember(host);
        assert.equal(await abandoned, 0);
        assert.equal(await client.ask('STILL'), host);
        const drained = open.balancer.drainMember(host, 60_000);
        client.socket.end();
        assert.equal(await drained, 0);
        await assert.rejects(open.balancer.drainMember('nobody.contoso.net', 1), {
          code: 'USHER_UNKNOWN_MEMBER',
        });
      }));

    it('treats a member that answers 503 as draining, and takes it back at 200', () =>
      scene(
        async (open) => {
          open.dir01.sipStatus = 503;
          const { reason } = await open.state(open.dir01, 'sip', 'draining');
          assert.match(reason, /503/u);
          assert.equal(await whoIsLeft(open), open.dir02.fqdn);
          open.dir01.sipStatus = 200;
          await open.state(open.dir01, 'webExternalPlain', 'up');
        },
        { probeInterval: quick },
      ));

    it('passes a half-closed connection on in both directions', () =>
      scene(async (open) => {
        const client = await open.client('webExternalPlain');
        client.socket.write('HASH\n');
        await sendPattern(client.socket, 3);
        await client.end();
        assert.equal(client.text.trim(), patternDigest(3));
      }));

    it('moves a large answer to a slow reader whole, and holds little of it meanwhile', () =>
      scene(async (open) => {
        const chunks = 768;
        const client = await open.client('webExternalPlain');
        const hash = createHash('sha256');
        client.socket.removeAllListeners('data');
        client.socket.pause();
        client.socket.write(`SEND ${chunks}\n`);
        const moved = (): number => open.service('webExternalPlain').bytesToClients ?? 0;
        // The reader does not read: what is under way must come to a stop. An engine that counts no
        // bytes holds none.
        if (open.service('webExternalPlain').bytesToClients !== null) {
          const last = await standstill(moved);
          assert.ok(
            last < (chunks * 65_536) / 2,
            `${last} bytes moved to a client that does not read`,
          );
        }
        client.socket.on('data', (bytes: Buffer) => void hash.update(bytes));
        client.socket.resume();
        assert.equal(await client.end(), 'end');
        assert.equal(hash.digest('hex'), patternDigest(chunks));
        client.close();
      }));

    it('ends a session in which nothing moves for the idle time', () =>
      scene(
        async (open) => {
          const client = await open.client('webExternalPlain');
          await client.ask('WHO');
          assert.equal(await client.end(), cut);
          await until(() => open.service('webExternalPlain').idleClosed === 1, 'the count');
        },
        { idleTimeout: 0.2 },
      ));
    memberCompliance(scene, cut);
  });
}

/** Asks for each client address, a hundred at a time. */
async function whoAnswersEach(open: Scene, clients: readonly string[]): Promise<string[]> {
  const answers: string[] = [];
  for (let from = 0; from < clients.length; from += 100) {
    const some = clients.slice(from, from + 100);
    const asked = some.map((client) => whoAnswers(open, 'webInternalPlain', client));
    answers.push(...(await Promise.all(asked)));
  }
  return answers;
}

/** Resolves with a number that has stopped growing. */
async function standstill(moved: () => number): Promise<number> {
  let last = -1;
  await until(() => moved() > 0, 'the first bytes');
  for (let quiet = 0; quiet < 20;) {
    quiet = moved() === last ? quiet + 1 : 0;
    last = moved();
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
  return last;
}
