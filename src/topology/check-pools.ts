import { contains, parseAddress, parseNetwork } from './address.ts';
import { entries, literalsAt, poolsOf } from './inventory.ts';
import type { DraftPool, Entry, Report } from './inventory.ts';
import type { Draft } from './salvage.ts';

/** Members a pool may have: 10 Directors (contradiction C12), 12 Front Ends. */
const mostMembers = { director: 10, frontEnd: 12 } as const;

const roleNames = { director: 'Directors', frontEnd: 'Front Ends' } as const;

function checkMembers({ value: pool, path }: Entry<DraftPool>, report: Report): void {
  const count = pool.members?.length ?? 0;
  const most = mostMembers[pool.role ?? 'frontEnd'];
  if (pool.loadBalancing === 'none' && count > 1) {
    report(
      [...path, 'loadBalancing'],
      'balancing-needed',
      `none, with ${count} members`,
      'dns or hardware for more than one member',
      'Choose how the load is spread, or keep one member.',
    );
  }
  if (pool.role !== undefined && count > most) {
    report(
      [...path, 'members'],
      'too-many-members',
      `${count} members`,
      `at most ${most} ${roleNames[pool.role]} in a pool`,
      'Make a second pool.',
    );
  }
}

function checkSoftware({ value: pool, path }: Entry<DraftPool>, report: Report): void {
  if (pool.role !== 'director') return;
  for (const member of entries(pool.members, [...path, 'members'])) {
    if (member.value.software !== 'other') continue;
    report(
      [...member.path, 'software'],
      'director-of-other-make',
      'other, in a Director pool',
      'software: other in Front End pools only',
      'Remove it; another registrar can take the place of a Front End, not of a Director.',
    );
  }
}

function checkVip({ value: pool, path }: Entry<DraftPool>, report: Report): void {
  const { loadBalancing, role, vip, balancer } = pool;
  const vipPath = [...path, 'vip'];
  // A value that is written but wrong is not missing.
  const without = (key: keyof DraftPool): boolean => !Object.hasOwn(pool, key);
  if (loadBalancing === 'hardware' && without('vip')) {
    report(
      vipPath,
      'vip-missing',
      'hardware balancing and no vip',
      'a vip',
      'Add "vip:", the address the load balancer serves, or balance by dns.',
    );
  }
  if (loadBalancing === 'dns' && role === 'director' && without('vip')) {
    report(
      vipPath,
      'vip-missing',
      'a Director pool balanced by DNS and no vip',
      'a vip for its web services',
      'Add "vip:"; DNS spreads SIP, but client web traffic needs a load balancer.',
    );
  }
  if (loadBalancing === 'none' && vip !== undefined) {
    report(
      vipPath,
      'vip-without-balancing',
      `${[vip].flat().join(', ')}, in a pool without load balancing`,
      'no vip with loadBalancing: none',
      'Remove it, or set "loadBalancing: hardware"; a pool may have one member until it grows.',
    );
  }
  if (!without('vip') && without('balancer') && loadBalancing !== 'none') {
    report(
      [...path, 'balancer'],
      'balancer-missing',
      'a vip and no balancer',
      'the name of a host under "balancers"',
      'Add "balancer:", the host that serves the VIP.',
    );
  }
  if (without('vip') && balancer !== undefined && loadBalancing !== 'hardware') {
    report(
      [...path, 'balancer'],
      'balancer-without-vip',
      `${balancer}, in a pool without a vip`,
      'a balancer together with a vip',
      'Add "vip:", or remove the balancer.',
    );
  }
}

function checkNat({ value: pool, path }: Entry<DraftPool>, report: Report): void {
  const engine = pool.engine ?? 'embedded';
  if (pool.nat !== 'destination' || engine === 'nftables') return;
  report(
    [...path, 'nat'],
    'nat-needs-nftables',
    `destination, with the engine ${engine}`,
    'source; destination with the engine nftables',
    'Use "nat: source": this engine opens its own connections to the members, so they see its address.',
  );
}

function checkBalancing({ value: pool, path }: Entry<DraftPool>, report: Report): void {
  if (pool.engine !== 'nftables') return;
  if (pool.balancing?.scheduling === 'leastConnections') {
    report(
      [...path, 'balancing', 'scheduling'],
      'scheduling-needs-count',
      'leastConnections, with the engine nftables',
      'maglev or roundRobin',
      'Leave it out: the kernel chooses by hash and counts no connections before it does.',
    );
  }
  if (pool.nat === 'destination' && !Object.hasOwn(pool, 'network')) {
    report(
      [...path, 'network'],
      'nat-needs-network',
      'destination NAT and no network of the pool',
      'the network the members lie in',
      'Add "network:". Clients in it would get the answers past the balancer, which is checked.',
    );
  }
}

/** One balancer runs one engine: two data paths on one machine would fight over its ports. */
function checkEngines(pools: readonly Entry<DraftPool>[], report: Report): void {
  const engines = new Map<string, string>();
  for (const { value: pool, path } of pools) {
    if (pool.balancer === undefined) continue;
    const engine = pool.engine ?? 'embedded';
    const other = engines.get(pool.balancer) ?? engine;
    engines.set(pool.balancer, other);
    if (other === engine) continue;
    report(
      [...path, 'engine'],
      'engines-differ',
      `${engine}, and ${other} for another pool of ${pool.balancer}`,
      'one engine on one balancer',
      'Use the same engine for both pools, or another balancer for one of them.',
    );
  }
}

function checkNetwork({ value: pool, path }: Entry<DraftPool>, report: Report): void {
  const networks = literalsAt(pool.network, [...path, 'network']).map(({ value }) => value);
  const blocks = networks.flatMap((text) => parseNetwork(text) ?? []);
  if (blocks.length === 0) return;
  const written = [
    ...entries(pool.members, [...path, 'members']).flatMap((member) =>
      literalsAt(member.value.address, [...member.path, 'address']),
    ),
    ...literalsAt(pool.vip, [...path, 'vip']),
  ];
  for (const { value: text, path: where } of written) {
    const address = parseAddress(text);
    if (address === undefined || blocks.some((block) => contains(block, address))) continue;
    report(
      where,
      'outside-network',
      `${text}, outside the network of its pool`,
      `an address in ${networks.join(' or ')}`,
      'Correct the address, or the network of the pool; each family has its own.',
    );
  }
}

/** What has to hold inside each pool, and that somebody homes the users. */
export function checkPools(draft: Draft, report: Report): void {
  const pools = poolsOf(draft);
  for (const pool of pools) {
    checkMembers(pool, report);
    checkSoftware(pool, report);
    checkVip(pool, report);
    checkNat(pool, report);
    checkBalancing(pool, report);
    checkNetwork(pool, report);
  }
  checkEngines(pools, report);
  const rolesKnown = pools.every(({ value }) => value.role !== undefined);
  if (pools.length === draft.pools?.length && rolesKnown && pools.length > 0) {
    if (pools.some(({ value }) => value.role === 'frontEnd')) return;
    report(
      ['pools'],
      'no-front-end-pool',
      'no Front End pool',
      'at least one pool with "role: frontEnd"',
      'Add the pool your users are homed in; Directors home nobody.',
    );
  }
}
