import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProbeResult } from '#proof';
import { marksAt, markedPorts } from '../plan/index.ts';
import { seenFromBothEnds } from './both-ends.ts';
import { keyOf, observer, openerOf, readObserver } from './observer.ts';
import { decidedBy, rowOfComment } from './trace.ts';

const packet = (id: string, table: string, chain: string, sport: number, dport: number): string =>
  `trace id ${id} inet ${table} ${chain} packet: iif "eth0" ip saddr 10.0.0.1 ip daddr 10.0.0.2 ip protocol tcp tcp sport ${sport} tcp dport ${dport} tcp flags == syn`;

describe('what the kernel tells of a packet', () => {
  const accepted = [
    packet('a1', 'usher_proof', 'before', 20_002, 5061),
    'trace id a1 inet usher_proof before rule th sport 20002-20019 meta nftrace set 1 (verdict continue)',
    'trace id a1 inet usher_proof before policy accept ',
    packet('a1', 'usher', 'c0', 20_002, 5061),
    'trace id a1 inet usher c0 rule tcp dport 5061 counter packets 1 bytes 60 accept comment "DH-06/member: [DH-06/probe] What a member sees" (verdict accept)',
    'trace id a1 inet usher_proof taken policy accept ',
  ];
  const dropped = [
    packet('b2', 'usher_proof', 'before', 20_003, 81),
    'trace id b2 inet usher_proof before policy accept ',
    'trace id b2 inet usher c0 rule tcp dport 81 jump c1 (verdict jump c1)',
    'trace id b2 inet usher c1 rule tcp dport 81 return (verdict return)',
    'trace id b2 inet usher c0 policy drop ',
  ];
  const output = [...accepted, ...dropped, ''].join('\n');

  it('is the rule that decided, by its comment', () => {
    const decided = decidedBy(output, { sourcePort: 20_002, port: 5061 }, 'usher_proof');
    assert.equal(decided?.verdict, 'accept');
    assert.equal(rowOfComment(decided?.rule ?? ''), 'DH-06/member');
  });

  it('is the policy where no rule decided', () => {
    const decided = decidedBy(output, { sourcePort: 20_003, port: 81 }, 'usher_proof');
    assert.deepEqual(decided, { verdict: 'drop', rule: undefined, chain: 'c0' });
  });

  it('is the rule itself where it has no comment, a rejection too', () => {
    const text = [
      packet('c3', 'filter', 'input', 7, 8),
      'trace id c3 inet filter input rule tcp dport 8 reject with icmpx admin-prohibited (verdict drop)',
    ].join('\n');
    const decided = decidedBy(text, { sourcePort: 7, port: 8 }, 'usher_proof');
    assert.equal(decided?.rule, 'tcp dport 8 reject with icmpx admin-prohibited');
    assert.equal(decided?.verdict, 'drop');
  });

  it('is nothing while nothing is decided, of this packet', () => {
    assert.equal(decidedBy(output, { sourcePort: 20_004, port: 81 }, 'usher_proof'), undefined);
    const begun = accepted.slice(0, 4).join('\n');
    assert.equal(decidedBy(begun, { sourcePort: 20_002, port: 5061 }, 'usher_proof'), undefined);
  });
});

describe('an observer', () => {
  it('is read as the packets let pass and the connections opened', () => {
    const listing = {
      nftables: [
        { metainfo: { version: '1.0.6' } },
        { counter: { name: 'arrived', packets: 12 } },
        { set: { name: 'in4', elem: [{ concat: ['10.0.0.1', '10.0.0.2', 'tcp', 80] }] } },
        { set: { name: 'in6', elem: [{ concat: ['fd00::1', 'fd00::2', 'udp', 81] }] } },
        { set: { name: 'out4' } },
        {
          set: {
            name: 'opened4',
            elem: [{ elem: { val: { concat: ['10.0.0.1', '10.0.0.2', 40_000, 80] }, expires: 9 } }],
          },
        },
      ],
    };
    const seen = readObserver(JSON.stringify(listing));
    assert.equal(seen.arrived, 12);
    assert.deepEqual(
      seen.passed['in'],
      new Set([
        keyOf({ source: '10.0.0.1', destination: '10.0.0.2', protocol: 'tcp', port: 80 }),
        keyOf({ source: 'fd00::1', destination: 'fd00::2', protocol: 'udp', port: 81 }),
      ]),
    );
    assert.deepEqual(seen.passed['out'], new Set());
    assert.ok(seen.opened.has(openerOf('10.0.0.1', 40_000, '10.0.0.2', 80)));
  });

  it('decides nothing: it has neither a verdict nor a policy', () => {
    for (const kind of ['host', 'router'] as const) {
      assert.doesNotMatch(
        observer(kind, marksAt(0)),
        /\b(?:accept|drop|reject|policy|dnat|snat)\b/u,
      );
    }
  });
});

describe('the marks of a proof', () => {
  it('are those of no other within four minutes', () => {
    const all = Array.from({ length: 240 }, (_, second) => marksAt(second * 1000));
    assert.equal(new Set(all.map(({ probes }) => probes.own)).size, 240);
  });

  it('stay within the ports the wires know', () => {
    for (const second of [0, 1, 249, 250, 251]) {
      const { probes, sweep, traces, tracesEach } = marksAt(second * 1000);
      for (const way of ['own', 'direct', 'routed'] as const) {
        const { first, last } = markedPorts[way];
        assert.ok(probes[way] >= first && traces[way] + tracesEach - 1 <= last);
      }
      assert.ok(sweep > probes.own && sweep < traces.own);
    }
  });
});

describe('a probe seen from both ends', () => {
  const goal = { address: '10.0.0.2', port: 80 };
  const probe = (more: Partial<ProbeResult>): ProbeResult => ({
    from: 'a',
    to: 'b',
    verdict: 'open',
    evidence: 'seen',
    took: 1,
    goal,
    ...more,
  });
  const here = new Set([openerOf('10.0.0.1', 40_000, '10.0.0.2', 80)]);
  const nothing: ReadonlySet<string> = new Set();
  const connection = { source: '10.0.0.1', sourcePort: 40_000 };
  const verdict = (more: Partial<ProbeResult>, opened: ReadonlySet<string>): string => {
    const seen = seenFromBothEnds(probe(more), ['10.0.0.1'], opened);
    return `${seen.verdict}: ${seen.evidence}`;
  };

  it('is open when the far end knows the connection, and somebody else’s when not', () => {
    assert.equal(verdict({ connection }, here), 'open: seen');
    assert.match(verdict({ connection }, nothing), /^elsewhere: seen, but 10\.0\.0\.2 saw no/u);
    const other = { source: '10.0.0.1', sourcePort: 40_001 };
    assert.match(verdict({ connection: other }, here), /^elsewhere/u);
  });

  it('has no listener when the packet arrived, and was rejected on the way when not', () => {
    assert.match(verdict({ verdict: 'noListener' }, here), /^noListener: .*arrived/u);
    assert.match(verdict({ verdict: 'noListener' }, nothing), /^rejected: refused on the way/u);
  });

  it('was dropped at the far end or before it', () => {
    assert.match(verdict({ verdict: 'dropped' }, here), /^dropped: .*its filter or the way back/u);
    assert.match(verdict({ verdict: 'dropped' }, nothing), /^dropped: .*dropped on the way/u);
  });
});
