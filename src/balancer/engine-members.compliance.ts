import assert from 'node:assert/strict';
import { it } from 'node:test';
import { messageOf } from '#base';
import { quick, type Scene, whoAnswers } from './balancer.fixture.ts';
import type { Stage, Traits } from './engine.compliance.ts';
import { MemberProcess } from './member-process.fixture.ts';
import { until } from './waiting.ts';

/** Members that misbehave in every way there is, and load while the set of members changes. */
export function memberCompliance(scene: Stage, cut: Traits['cut']): void {
  it('passes over a member that speaks something else than SIP', () =>
    scene(
      async (open) => {
        open.dir01.babbles = true;
        const { reason } = await open.state(open.dir01, 'sip', 'down');
        assert.match(reason, /^OPTIONS: /u);
        await open.state(open.dir01, 'webExternalPlain', 'down');
        assert.equal(await whoIsLeft(open), open.dir02.fqdn);
      },
      { probeInterval: quick },
    ));

  it('keeps a slow member as long as it answers in time', () =>
    scene(
      async (open) => {
        open.dir01.delay = 50;
        const probes = open.member(open.dir01, 'sip');
        await until(
          () => open.member(open.dir01, 'sip').consecutive > probes.consecutive,
          'a slow answer',
        );
        assert.equal(open.member(open.dir01, 'sip').state, 'up');
        open.dir01.delay = 5000;
        const { reason } = await open.state(open.dir01, 'sip', 'down');
        assert.match(reason, /nothing within \d+ ms/u);
        assert.equal(await whoIsLeft(open), open.dir02.fqdn);
      },
      { probeInterval: quick },
    ));

  it('goes on when the process of a member is killed (SIGKILL), and takes it back', () =>
    scene(
      async (open) => {
        const member = await MemberProcess.inPlaceOf(open, open.dir01);
        try {
          await open.state(open.dir01, 'webExternalPlain', 'up');
          await member.signal('SIGKILL');
          for (let count = 0; count < 10; count += 1) {
            assert.equal(await whoIsLeft(open), open.dir02.fqdn);
          }
          await open.state(open.dir01, 'webExternalPlain', 'down');
          await open.dir01.listen();
          await open.state(open.dir01, 'webExternalPlain', 'up');
        } finally {
          await member.close();
        }
      },
      { probeInterval: quick, balancing: { slowStart: 0 } },
    ));

  it('resets the sessions of a process that is frozen (SIGSTOP), so that clients go elsewhere', () =>
    scene(
      async (open) => {
        const member = await MemberProcess.inPlaceOf(open, open.dir01);
        try {
          await open.state(open.dir01, 'webExternalPlain', 'up');
          const client = await boundTo(open, open.dir01.fqdn);
          await member.signal('SIGSTOP');
          assert.equal(await client.end(), cut);
          assert.equal(await whoIsLeft(open), open.dir02.fqdn);
          await member.signal('SIGCONT');
          await open.state(open.dir01, 'webExternalPlain', 'up');
        } finally {
          await member.close();
        }
      },
      { probeInterval: quick, balancing: { slowStart: 0 } },
    ));

  it('serves by a member that is brought back as soon as its sessions have been cut', () =>
    scene(
      async (open) => {
        const client = await boundTo(open, open.dir01.fqdn);
        await open.balancer.beginDrain(open.dir01.fqdn, { deadline: 100, force: false });
        assert.equal(await client.end(), cut);
        await open.balancer.resume(open.dir01.fqdn);
        await open.state(open.dir01, 'webExternalPlain', 'up');
        const answers = await Promise.all(
          Array.from({ length: 20 }, () => whoAnswers(open, 'webExternalPlain')),
        );
        assert.deepEqual(new Set(answers), new Set([open.dir01.fqdn, open.dir02.fqdn]));
      },
      { balancing: { slowStart: 0 } },
    ));

  it('loses no request under load while members are drained and brought back in turn', () =>
    scene(async (open) => {
      const load = new Load(open);
      for (let round = 0; round < 6; round += 1) {
        const member = round % 2 === 0 ? open.dir01 : open.dir02;
        await open.balancer.beginDrain(member.fqdn, { deadline: 60_000, force: false });
        await load.more(50);
        await open.balancer.resume(member.fqdn);
        await load.more(50);
      }
      assert.deepEqual(await load.end(), []);
    }));

  it('loses no request under load while certificates are renewed', () =>
    scene(async (open) => {
      const load = new Load(open);
      for (let round = 0; round < 3; round += 1) {
        open.balancer.reload(await open.renewed());
        await open.balancer.settled();
        await load.more(100);
      }
      assert.deepEqual(await load.end(), []);
    }));
}

/** Who answers when the second member alone is up. */
export function whoIsLeft(open: Scene): Promise<string> {
  return open.whileUp(open.dir02, 'webExternalPlain', () => whoAnswers(open, 'webExternalPlain'));
}

/** A client whose session is with the member of this name. */
async function boundTo(open: Scene, host: string) {
  for (;;) {
    const client = await open.client('webExternalPlain');
    if ((await client.ask('WHO')) === host) return client;
    client.close();
  }
}

/** Clients that ask again and again, each time on a connection of its own. */
class Load {
  readonly #open: Scene;
  readonly #faults: string[] = [];
  readonly #clients: Promise<void>[];
  #asked = 0;
  #ended = false;

  constructor(open: Scene) {
    this.#open = open;
    this.#clients = Array.from({ length: 8 }, () => this.#ask());
  }

  async #ask(): Promise<void> {
    while (!this.#ended) {
      const answer = await whoAnswers(this.#open, 'webExternalPlain').catch(messageOf);
      if (!/^dir0[12]\.contoso\.net$/u.test(answer)) this.#faults.push(answer);
      this.#asked += 1;
    }
  }

  /** Resolves after so many further requests. */
  async more(count: number): Promise<void> {
    const goal = this.#asked + count;
    await until(() => this.#asked >= goal, `${count} further requests`);
  }

  /** Resolves with every answer that was none. */
  async end(): Promise<readonly string[]> {
    this.#ended = true;
    await Promise.all(this.#clients);
    return this.#faults;
  }
}
