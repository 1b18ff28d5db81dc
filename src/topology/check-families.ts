import { addressFor, familyOf } from './address.ts';
import { entries, hostsIn, isComplete, literalsAt, nameOf, poolsOf } from './inventory.ts';
import type { DraftPool, Entry, Literals, Report } from './inventory.ts';
import type { Draft } from './salvage.ts';

/** Of one thing, at most one address of each family: nothing says which of two would be used. */
function checkEach(
  written: Literals | undefined,
  path: Entry<string>['path'],
  report: Report,
): void {
  const seen = new Map<4 | 6 | undefined, string>();
  for (const { value, path: place } of literalsAt(written, path)) {
    const family = familyOf(value);
    const first = seen.get(family);
    seen.set(family, first ?? value);
    if (first === undefined || family === undefined) continue;
    report(
      place,
      'family-twice',
      `${value}, beside ${first}: IPv${family} twice`,
      'one of IPv4 and one of IPv6',
      `Remove one of the two, or write an IPv${family === 4 ? 6 : 4} address in its place.`,
    );
  }
}

/** What a balancer takes in by one family it passes on in the same. */
function checkVip(draft: Draft, { value: pool, path }: Entry<DraftPool>, report: Report): void {
  const servers = [
    ...entries(pool.members, [...path, 'members']),
    ...entries(draft.balancers, ['balancers']).filter(
      ({ value }) =>
        value.fqdn !== undefined &&
        [pool.balancer, pool.standby].some(
          (name) => nameOf(name ?? '') === nameOf(value.fqdn ?? ''),
        ),
    ),
  ];
  for (const { value: vip } of literalsAt(pool.vip, [...path, 'vip'])) {
    const family = familyOf(vip);
    for (const { value, path: server } of servers) {
      const own = literalsAt(value.address, [...server, 'address']);
      if (family === undefined || own.length === 0) continue;
      const texts = own.map(({ value: text }) => text);
      if (addressFor(texts, vip) !== undefined) continue;
      report(
        [...server, 'address'],
        'family-missing',
        `${texts.join(', ')}, without IPv${family}`,
        `an IPv${family} address as well: ${[...path, 'vip'].join('.')} has ${vip}`,
        `Write a list of both addresses here, or take ${vip} out of the VIP: a balancer passes on in the family it was asked in.`,
      );
    }
  }
}

/** Which address families a host, a VIP and a network may have together. */
export function checkFamilies(draft: Draft, report: Report): void {
  for (const { value, path } of hostsIn(draft)) {
    checkEach(value.address, [...path, 'address'], report);
    checkEach(value.external?.address, [...path, 'external', 'address'], report);
  }
  for (const pool of poolsOf(draft)) {
    checkEach(pool.value.vip, [...pool.path, 'vip'], report);
    checkEach(pool.value.network, [...pool.path, 'network'], report);
    if (isComplete(pool.value.members)) checkVip(draft, pool, report);
  }
}
