import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endOf, isSession, readTracked } from './conntrack.ts';
import { Marks } from './marks.ts';
import { rulesOf, type RuleMember, type RuleService } from './rules.ts';

const member = (mark: number, change: Partial<RuleMember> = {}): RuleMember => ({
  host: `dir0${mark}.contoso.net`,
  address: `192.0.2.1${mark}`,
  port: 6000,
  mark,
  open: true,
  weight: 1,
  ...change,
});

const service = (change: Partial<RuleService> = {}): RuleService => ({
  name: 'pool_sip',
  address: '192.0.2.10',
  port: 6000,
  members: [member(1), member(2)],
  scheduling: 'roundRobin',
  affinity: undefined,
  idleTimeout: 1800,
  source: '192.0.2.9',
  connectionsPerMember: undefined,
  perSource: undefined,
  cut: [],
  ...change,
});

const text = (change: Partial<RuleService> = {}): string =>
  rulesOf([service(change)], { guarded: true }).join('\n');

describe('the rules of the nftables engine', () => {
  it('give a member that returns the turns its weight says, spread over the round', () => {
    const members = [member(1), member(2, { weight: 0.5 })];
    assert.match(text({ members }), /numgen inc mod 3 map \{ 0 : 1, 1 : 2, 2 : 1 \}/u);
  });

  it('lead nobody to a member that is not open, whatever binds its clients', () => {
    const rules = text({ members: [member(1, { open: false }), member(2)], affinity: 1200 });
    assert.match(rules, /numgen inc mod 1 map \{ 0 : 2 \}/u);
    assert.match(rules, /ct mark != \{ 2 \} delete @affinity_192_0_2_10/u);
    // The connections it has are translated as before.
    assert.match(rules, /dnat ip addr \. port to ct mark map \{ 1 : 192\.0\.2\.11 \. 6000, /u);
  });

  it('refuse and count when nobody is open', () => {
    const rules = text({ members: [member(1, { open: false })] });
    assert.match(rules, /counter name "none_pool_sip" reject with tcp reset/u);
    assert.doesNotMatch(rules, /dnat ip/u);
  });

  it('count the connections of a client, but not those of hosts of the topology', () => {
    assert.match(
      text({ perSource: { most: 1000, exempt: ['192.0.2.77'] } }),
      /ip saddr != \{ 192\.0\.2\.77 \} add @sources_ip \{ ip saddr ct count over 1000 \}/u,
    );
    const six = text({
      address: '2001:db8::10',
      perSource: { most: 9, exempt: [] },
      members: [member(1, { address: '2001:db8::11' })],
    });
    assert.match(six, /\{ ip6 saddr & ffff:ffff:ffff:ffff:: ct count over 9 \}/u);
  });

  it('reset what is to be cut, and only that', () => {
    assert.doesNotMatch(text(), /ct mark \{ 1 \} tcp flags & rst == 0 reject/u);
    assert.match(text({ cut: [1] }), /ct mark \{ 1 \} tcp flags & rst == 0 reject with tcp reset/u);
  });

  it('leave out, without an engine beside them, what only an engine may ask', () => {
    const rules = rulesOf([service()], { guarded: false }).join('\n');
    assert.doesNotMatch(rules, /notrack|dying|ct event/u);
  });
});

describe('marks', () => {
  it('keep their meaning when a member goes, whose sessions are then cut', () => {
    const marks = new Marks();
    assert.deepEqual([marks.of('v', 'a'), marks.of('v', 'b'), marks.of('v', 'a')], [1, 2, 1]);
    const left = { address: 'v', members: [{ host: 'b', state: 'up', sessions: 'keep' }] } as const;
    assert.deepEqual(
      marks.toCut(left, () => false),
      [1],
    );
    assert.deepEqual(
      marks.toCut(left, (mark) => mark === 2),
      [1, 2],
    );
  });
});

describe('what the kernel says of connections', () => {
  const listed =
    'tcp      6 431998 ESTABLISHED src=192.0.2.200 dst=192.0.2.10 sport=40181 dport=6000 packets=3 bytes=9 src=192.0.2.11 dst=192.0.2.9 sport=6000 dport=40181 packets=1 bytes=2 [ASSURED] mark=1 use=1';
  const refused =
    '[DESTROY] tcp      6 120 CLOSE src=192.0.2.200 dst=192.0.2.10 sport=36973 dport=6000 [UNREPLIED] src=192.0.2.12 dst=192.0.2.9 sport=6000 dport=36973 mark=2';

  it('is read with and without accounting', () => {
    const { mark, client, clientPort, unreplied } = readTracked(listed) ?? assert.fail();
    assert.deepEqual([mark, client, clientPort, unreplied], [1, '192.0.2.200', 40181, false]);
    assert.equal(readTracked('udp      17 29 src=1.2.3.4 dst=5.6.7.8 sport=1 dport=2'), undefined);
    assert.equal(readTracked('conntrack v1.4.7 (conntrack-tools): 2 flow entries'), undefined);
  });

  it('tells a refusal from an idle end and from an ordinary one', () => {
    const open = readTracked(listed) ?? assert.fail();
    assert.equal(isSession(open), true);
    assert.equal(endOf(readTracked(refused) ?? assert.fail()), 'refused');
    assert.equal(endOf(open), 'idle');
    assert.equal(endOf({ ...open, state: 'TIME_WAIT' }), 'ordinary');
  });
});
