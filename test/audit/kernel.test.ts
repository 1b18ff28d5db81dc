import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import {
  addressesOf,
  audit,
  between,
  compare,
  exactly,
  intersect,
  isEmpty,
  matching,
  nftables,
  protocols,
  ruleSetOf,
  unfold,
} from '#firewall';
import type { AddressSet, IntervalSet, Match, RuleSet } from '#firewall';
import { loadPlan } from '#ports';
import { formatAddress } from '#topology';
import { needs } from '../interop/support/programs.ts';
import { dice } from './support/dice.ts';
import type { Dice } from './support/dice.ts';
import { mediumRuleSet, mutated } from './support/medium.ts';
import { keyOf, TwoHosts } from './support/network.ts';
import type { SentPacket } from './support/network.ts';

const missing = needs(['nft', 'nftables'], ['ip', 'iproute2']);
const skip = missing !== false ? missing : process.getuid?.() !== 0 ? 'needs root' : false;

/** Rule sets that are tried: some, or many with `npm run test:audit`. */
const rounds = Number(process.env['USHER_AUDIT_CASES'] ?? 0) >= 100_000 ? 50 : 5;
const packetsPerSet = 60;
/** More elements than this take the kernel long to load. */
const mostElements = 2000;

const name = `audit-${process.pid}`;
const sources = ['10.0.0.0/17'];
const destinations = '10.0.128.0/17';
const director = '10.10.1.11';
/** Addresses of others, balancer, Edge and networks of the example among them. */
const neighbours = [...sources, '10.10.1.0/29', '10.10.8.0/24', '10.30.0.0/16', '10.40.0.0/16'];

/** A region, and what a rule set does with its packets. */
interface Decided {
  readonly match: Match;
  readonly verdict: 'accept' | 'drop';
  /** Id of the rule that decides; undefined for a policy. */
  readonly rule: string | undefined;
}

/** TCP and UDP packets of new connections that can be sent. */
const sendable = (source: readonly string[], destination: string): Match =>
  matching({
    source: addressesOf(source),
    destination: addressesOf([destination]),
    protocol: [...exactly(protocols.tcp), ...exactly(protocols.udp)],
    sourcePort: between(1024, 65_535),
    destinationPort: between(1, 65_535),
    states: ['new'],
  });

/** What the audit says of packets on their way in, as disjoint regions. */
function decidedBy(set: RuleSet, packets: Match): readonly Decided[] {
  const rules = unfold(set, 'in');
  const decided: Decided[] = [];
  compare([{ rules, reading: 'lower' }], 'all', ({ match, deciders: [decider = -1] }) => {
    const common = intersect(match, packets);
    if (isEmpty(common)) return;
    const flat = rules[decider];
    const verdict = flat?.verdict === 'accept' ? 'accept' : 'drop';
    decided.push({ match: common, verdict, rule: flat?.rule?.id });
  });
  return decided;
}

/** The lowest or the highest packet of a region. */
function cornerOf(match: Match, which: 'low' | 'high'): SentPacket {
  const address = ({ v4 }: AddressSet): string => {
    const value = which === 'low' ? v4[0]?.from : (v4.at(-1)?.until ?? 1n) - 1n;
    return formatAddress({ family: 4, value: value ?? 0n });
  };
  const number = (set: IntervalSet<number>): number =>
    which === 'low' ? (set[0]?.from ?? 0) : (set.at(-1)?.until ?? 1) - 1;
  return {
    protocol: number(match.protocol) === protocols.tcp ? 'tcp' : 'udp',
    source: address(match.source),
    sourcePort: number(match.sourcePort),
    destination: address(match.destination),
    destinationPort: number(match.destinationPort),
  };
}

/** Corners of some regions, no two alike. */
function sampleOf(decided: readonly Decided[], roll: Dice): ReadonlyMap<SentPacket, Decided> {
  const sample = new Map<string, readonly [SentPacket, Decided]>();
  for (let tries = 0; tries < packetsPerSet; tries += 1) {
    const region = decided[roll(decided.length)];
    if (region === undefined) continue;
    const packet = cornerOf(region.match, roll(2) === 0 ? 'low' : 'high');
    sample.set(keyOf(packet), [packet, region]);
  }
  return new Map(sample.values());
}

async function assertKernelAgrees(
  hosts: TwoHosts,
  set: RuleSet,
  sample: ReadonlyMap<SentPacket, Decided>,
): Promise<void> {
  const [file] = nftables.render([set], {});
  assert.ok(file !== undefined);
  hosts.load(file.content);
  const traced = await hosts.send([...sample.keys()]);
  for (const [packet, { verdict, rule }] of sample) {
    const told = traced.get(keyOf(packet));
    const where = `${packet.protocol} ${keyOf(packet)}`;
    assert.equal(told?.verdict, verdict, where);
    assert.equal(told?.comment?.replace(/:.*$/u, ''), rule, where);
  }
}

/** The rules of a Director of the example, at addresses of the wire. */
function directorRules(): RuleSet {
  const file = 'examples/contoso.yaml';
  const loaded = loadPlan(readFileSync(file, 'utf8').replaceAll('127.', '10.'), file, {});
  assert.ok(loaded.ok);
  return ruleSetOf(loaded.plan, 'dir01.contoso.net');
}

/** Rules of a firewall between zones as those of a host. */
const incoming = (set: RuleSet): RuleSet => ({
  ...set,
  chains: set.chains.map((chain) =>
    chain.direction === undefined ? chain : { ...chain, direction: 'in' },
  ),
});

const numberRange = ([only]: IntervalSet<number>): string =>
  `${only?.from ?? 0}-${(only?.until ?? 1) - 1}`;

const addressRange = ({ v4: [only] }: AddressSet): string =>
  [only?.from ?? 0n, (only?.until ?? 1n) - 1n]
    .map((value) => formatAddress({ family: 4, value }))
    .join('-');

/** Regions as the elements of a named set. */
function setOf(regions: readonly Decided[]): string {
  const elements = regions.map(({ match }) =>
    [
      addressRange(match.source),
      addressRange(match.destination),
      numberRange(match.protocol),
      numberRange(match.sourcePort),
      numberRange(match.destinationPort),
    ].join(' . '),
  );
  return `table inet audit
delete table inet audit
table inet audit {
  set admitted {
    typeof ip saddr . ip daddr . meta l4proto . th sport . th dport
    flags interval
    ${elements.length === 0 ? '' : `elements = { ${elements.join(', ')} }`}
  }
}
`;
}

describe('the audit and the kernel', { skip }, () => {
  let hosts: TwoHosts;
  before(() => {
    hosts = new TwoHosts(name, [destinations, `${director}/32`]);
  });
  after(() => hosts.close());

  test('agree on verdict and deciding rule of packets at the edges of regions', async () => {
    for (let seed = 1; seed <= rounds; seed += 1) {
      const roll = dice(seed);
      const set = incoming(mediumRuleSet(roll));
      const decided = decidedBy(set, sendable(sources, destinations));
      await assertKernelAgrees(hosts, set, sampleOf(decided, roll));
    }
  });

  test('agree that regions are disjoint, and on what is in them', () => {
    for (let seed = 1; seed <= rounds; seed += 1) {
      const roll = dice(seed);
      const set = incoming(mediumRuleSet(roll));
      const decided = decidedBy(set, sendable(sources, destinations)).flatMap((region) =>
        region.match.protocol.map((protocol) => ({
          ...region,
          match: matching({ ...region.match, protocol: [protocol] }),
        })),
      );
      const admitted = decided.filter(({ verdict }) => verdict === 'accept').slice(0, mostElements);
      // The kernel refuses a set whose elements overlap.
      hosts.load(setOf(admitted));
      for (const [packet, region] of sampleOf(decided, roll)) {
        const { source, destination, protocol, sourcePort, destinationPort } = packet;
        const element = [source, destination, protocol, sourcePort, destinationPort].join(' . ');
        const question = ['inet', 'audit', 'admitted', `{ ${element} }`];
        const isIn = hosts.succeeds('nft', 'get', 'element', ...question);
        assert.equal(isIn, admitted.includes(region), element);
      }
    }
  });

  test('agree on the packets of rows that are blocked and of rules that admit too much', async () => {
    const asked = directorRules();
    const roll = dice(7);
    let witnesses = 0;
    for (let round = 0; round < rounds; round += 1) {
      const inForce = mutated(asked, roll);
      const decided = decidedBy(inForce, sendable(neighbours, director));
      const { missing: blocked, excess } = audit(asked, inForce);
      const disputed = [...blocked, ...excess]
        .filter(({ direction }) => direction === 'in')
        .flatMap(({ regions }) => regions);
      const sample = new Map<SentPacket, Decided>();
      for (const region of decided) {
        const [common] = disputed
          .map((match) => intersect(match, region.match))
          .filter((match) => !isEmpty(match));
        if (common !== undefined) sample.set(cornerOf(common, 'high'), region);
      }
      witnesses += sample.size;
      await assertKernelAgrees(hosts, inForce, sample);
    }
    assert.ok(witnesses > 0);
  });
});
