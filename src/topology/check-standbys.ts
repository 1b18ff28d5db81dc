import { addressFor, contains, familyOf, parseAddress, parseNetwork } from './address.ts';
import { entries, literalsAt, nameOf, poolsOf } from './inventory.ts';
import type { DraftPool, Entry, Report } from './inventory.ts';
import type { Draft } from './salvage.ts';

const same = (one: string | undefined, other: string | undefined): boolean =>
  nameOf(one ?? '') === nameOf(other ?? '');

function checkPair({ value: pool, path }: Entry<DraftPool>, report: Report): void {
  const { balancer, standby, engine = 'embedded' } = pool;
  if (standby === undefined) return;
  if (!Object.hasOwn(pool, 'balancer')) {
    report(
      [...path, 'standby'],
      'standby-without-balancer',
      `${standby}, and no balancer`,
      'a standby together with a balancer',
      'Add "balancer:", the host the standby takes over from, or remove the standby.',
    );
  } else if (same(balancer, standby)) {
    report(
      [...path, 'standby'],
      'standby-is-balancer',
      `${standby}, which is the balancer itself`,
      'another host under "balancers"',
      'Name a second machine; one machine cannot take over from itself.',
    );
  }
  if (engine !== 'embedded') return;
  report(
    [...path, Object.hasOwn(pool, 'engine') ? 'engine' : 'standby'],
    'standby-needs-engine',
    `a standby, with the engine ${engine}`,
    'the engine nftables or haproxy',
    'Write "engine: haproxy" or "engine: nftables": the embedded engine cannot wait for a VIP that is still elsewhere.',
  );
}

/** The VIP moves between the two machines, so both are on its wire, or neither is in the pool's network. */
function checkPlaces(draft: Draft, { value: pool, path }: Entry<DraftPool>, report: Report): void {
  const [vip, ...more] = literalsAt(pool.vip, []).map(({ value }) => value);
  if (vip === undefined || more.length > 0 || pool.standby === undefined) return;
  const texts = literalsAt(pool.network, []).map(({ value }) => value);
  const network = parseNetwork(addressFor(texts, vip) ?? '');
  if (network === undefined) return;
  const balancers = entries(draft.balancers, ['balancers']);
  const addressOf = (name: string | undefined): string | undefined => {
    const host = balancers.find(({ value }) => same(value.fqdn, name))?.value;
    const own = literalsAt(host?.address, []).map(({ value }) => value);
    return addressFor(own, vip);
  };
  const [first, second] = [addressOf(pool.balancer), addressOf(pool.standby)];
  const [one, other] = [parseAddress(first ?? ''), parseAddress(second ?? '')];
  if (one === undefined || other === undefined) return;
  if (contains(network, one) === contains(network, other)) return;
  report(
    [...path, 'standby'],
    'standby-elsewhere',
    `${pool.standby} (${second ?? ''}), while ${pool.balancer ?? ''} is ${first ?? ''}`,
    `both in ${texts.join(' and ')}, or both outside`,
    'Put both balancers on the wire of the VIP: it moves from one to the other.',
  );
}

const pairOf = ({ balancer, standby }: DraftPool): string =>
  `${balancer ?? ''} ${standby === undefined ? 'without a standby' : `with the standby ${standby}`}`;

/** Two balancers are one pair: they serve the same pools, and nobody else takes part. */
function checkPartners(pools: readonly Entry<DraftPool>[], report: Report): void {
  const served = pools.filter(({ value }) => value.balancer !== undefined);
  for (const [index, { value: pool, path }] of served.entries()) {
    const differing = served.slice(0, index).find(({ value: other }) => {
      if (same(pool.balancer, other.balancer)) return !same(pool.standby, other.standby);
      const mine = [pool.balancer, pool.standby].filter((name) => name !== undefined);
      return [other.balancer, other.standby].some((name) => mine.some((own) => same(own, name)));
    })?.value;
    if (differing === undefined) continue;
    report(
      [...path, Object.hasOwn(pool, 'standby') ? 'standby' : 'balancer'],
      'standbys-differ',
      `${pairOf(pool)}, and ${pairOf(differing)} for ${differing.fqdn ?? 'another pool'}`,
      'the same balancer and the same standby for all pools of a pair',
      'Write the same two hosts in both pools, the same one as balancer, or use other hosts for one of them.',
    );
  }
}

/** Two machines agree on their VIPs by one conversation, which is of one address family (RFC 5798). */
function checkPairFamilies(pools: readonly Entry<DraftPool>[], report: Report): void {
  const seen = new Map<string, string>();
  for (const { value: pool, path } of pools) {
    if (pool.standby === undefined) continue;
    for (const { value: vip, path: place } of literalsAt(pool.vip, [...path, 'vip'])) {
      const first = seen.get(nameOf(pool.standby)) ?? vip;
      seen.set(nameOf(pool.standby), first);
      if (familyOf(first) === familyOf(vip)) continue;
      report(
        place,
        'standby-one-family',
        `${vip}, beside ${first}, with a standby`,
        'VIPs of one address family where a second balancer takes over',
        'Take one of the two out, or remove "standby:": a pair moves VIPs of one family.',
      );
    }
  }
}

/** What has to hold where a second balancer takes the VIP over from the first. */
export function checkStandbys(draft: Draft, report: Report): void {
  const pools = poolsOf(draft);
  for (const pool of pools) {
    checkPair(pool, report);
    checkPlaces(draft, pool, report);
  }
  checkPartners(pools, report);
  checkPairFamilies(pools, report);
}
