import { randomBytes } from 'node:crypto';
import { primarySipDomain, type Topology } from '#topology';
import type { UserRecord } from './user.ts';
import { verifiersOf } from './verifier.ts';

/** A user for trying things out. The password is for the person at the terminal; the store never sees it. */
export interface DemoUser {
  readonly record: UserRecord;
  readonly password: string;
}

const names: readonly (readonly [local: string, displayName: string])[] = [
  ['alice', 'Alice Adams'],
  ['bob', 'Bob Baumann'],
  ['carol', 'Carol Chen'],
  ['dieter', 'Dieter Dörfler'],
];

/**
 * Four users (alice, bob, carol, dieter) of the primary SIP domain, dealt out over the Front End pools
 * in file order, with random passwords of 96 bits. Store `record` and show `password` once.
 *
 * `random` returns that many random bytes; the default is the machine's generator.
 */
export function createDemoUsers(
  topology: Topology,
  random: (bytes: number) => Buffer = randomBytes,
): readonly DemoUser[] {
  const pools = topology.pools.filter(({ role }) => role === 'frontEnd');
  return names.flatMap(([local, displayName], index) => {
    const pool = pools[index % pools.length];
    if (pool === undefined) return [];
    const aor = `${local}@${primarySipDomain(topology)}`;
    const password = random(12).toString('base64url');
    const verifiers = verifiersOf(aor, password);
    return [
      { record: { aor, displayName, homePool: pool.fqdn, enabled: true, verifiers }, password },
    ];
  });
}
