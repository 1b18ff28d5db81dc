import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import { needs } from '../interop/support/programs.ts';
import { notOurs } from './support/namespace.ts';
import { advertInterval, Pair, see, type Machine } from './support/pair.ts';

/** Milliseconds without an answer that nobody should exceed; many times what it takes on an idle machine. */
const tolerable = 20 * advertInterval * 1000;

const programs = [
  ['keepalived', 'keepalived'],
  ['nft', 'nftables'],
  ['sysctl', 'procps'],
] as const;

const engines = [
  { engine: 'nftables', net: 41, missing: needs(...programs, ['conntrack', 'conntrack']) },
  {
    engine: 'haproxy',
    net: 42,
    missing: needs(...programs, ['haproxy', 'haproxy'], ['setpriv', 'util-linux']),
  },
] as const;

describe('two balancers with one VIP', { concurrency: true }, () => {
  for (const { engine, net, missing } of engines) {
    describe(`and the ${engine} engine`, { skip: notOurs() || missing, concurrency: 1 }, () => {
      let pair: Pair;
      let active: Machine;
      let standby: Machine;

      before(async () => {
        pair = await Pair.open(engine, net);
        const [first, second] = pair.machines;
        assert.ok(first !== undefined && second !== undefined);
        await Promise.all(pair.machines.map((machine) => machine.filter()));
        await Promise.all(pair.machines.map((machine) => machine.serve()));
        await Promise.all(pair.machines.map((machine) => machine.watch()));
        await see('one of them has the VIP', async () => {
          return (await first.hasVip()) !== (await second.hasVip());
        });
        [active, standby] = (await first.hasVip()) ? [first, second] : [second, first];
        await see(
          'its members answer',
          async () => (await pair.whoAnswers(`${pair.clients}.1`, 1000)) !== undefined,
        );
      });
      after(() => pair?.close());

      /** Who is bound to whom, once the standby would know it, too: told by HAProxy, computed in the kernel. */
      async function everybody() {
        const bound = await pair.everybody();
        if (engine === 'haproxy') {
          await see('the standby is told', async () => (await standby.knows()) >= bound.length);
        }
        return bound;
      }

      /** Something happens to the active machine; its place is taken by the other. */
      async function failOver(t: TestContext, what: string, work: () => void | Promise<void>) {
        const gap = await pair.gapDuring(standby, work);
        [active, standby] = [standby, active];
        t.diagnostic(`${what}: ${(gap / 1000).toFixed(1)} s without an answer (${engine})`);
        assert.ok(gap < tolerable, `${gap} ms without an answer`);
      }

      /** Comes back behind the active one, whose session goes on. */
      async function comeBack(work: () => void | Promise<void>) {
        const session = await pair.session(`${pair.clients}.2`);
        const host = await session.ask('WHO');
        const { timesBackup } = standby;
        await work();
        await see('it waits behind the other', () => standby.timesBackup > timesBackup);
        assert.ok(
          (await active.hasVip()) && !(await standby.hasVip()),
          'the VIP stays where it is',
        );
        assert.equal(await session.ask('STILL'), host);
        session.close();
      }

      test('only one of them has it, and both say who', async () => {
        assert.deepEqual([await active.hasVip(), await standby.hasVip()], [true, false]);
        assert.equal(await active.says(), 'here');
        assert.equal(await standby.says(), 'elsewhere');
      });

      test('hand it over when the balancer is killed: clients stay with their members, sessions are reset', async (t) => {
        const bound = await everybody();
        assert.deepEqual(new Set(bound), new Set(['dir01.contoso.net', 'dir02.contoso.net']));
        const session = await pair.session(`${pair.clients}.2`);
        await session.ask('WHO');
        await failOver(t, 'balancer killed', () => active.kill());
        assert.deepEqual(await pair.everybody(), bound);
        const answer = await session.ask('STILL');
        session.close();
        assert.match(answer, /no answer: (?:ECONNRESET|EPIPE|end)/u);
        await comeBack(() => standby.serve());
      });

      test('hand it over before a balancer that is stopped refuses anybody', async (t) => {
        const bound = await everybody();
        const session = await pair.session(`${pair.clients}.2`);
        await session.ask('WHO');
        await failOver(t, 'balancer stopped', () => active.stop());
        assert.deepEqual(await pair.everybody(), bound);
        const answer = await session.ask('STILL');
        session.close();
        assert.match(answer, /no answer: (?:ECONNRESET|EPIPE|end)/u);
        await comeBack(() => standby.serve());
      });

      test('hand it over when a cable is pulled, and keep it when that is back', async (t) => {
        const bound = await everybody();
        const lost = active;
        await failOver(t, 'cable pulled', () => lost.cable('down'));
        assert.deepEqual(await pair.everybody(), bound);
        await comeBack(() => lost.cable('up'));
        await see('it says that it left', () => lost.log.includes('"vip":"elsewhere"'));
      });
    });
  }
});
