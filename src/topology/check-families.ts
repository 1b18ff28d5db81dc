import { parseAddress, parseNetwork } from './address.ts';
import { entries, hostsIn, poolsOf } from './inventory.ts';
import type { Entry, Report } from './inventory.ts';
import type { Draft } from './salvage.ts';

/**
 * Everything inside talks to everything else inside, so it has to be of one address family; the
 * outside interfaces of Edges and reverse proxies may differ, since no flow joins the two.
 */
export function checkFamilies(draft: Draft, report: Report): void {
  const written: Entry<string | undefined>[] = [
    ...hostsIn(draft).map(({ value, path }) => ({
      value: value.address,
      path: [...path, 'address'],
    })),
    ...poolsOf(draft).map(({ value, path }) => ({ value: value.vip, path: [...path, 'vip'] })),
    ...entries(draft.networks?.internalClients, ['networks', 'internalClients']),
    ...entries(draft.networks?.administration, ['networks', 'administration']),
  ];
  const known = written.flatMap(({ value, path }) => {
    const family = (parseAddress(value ?? '') ?? parseNetwork(value ?? ''))?.family;
    return family === undefined ? [] : [{ value, path, family }];
  });
  const [first] = known;
  for (const { value, path, family } of known) {
    if (first === undefined || family === first.family) continue;
    report(
      path,
      'mixed-families',
      `${value ?? ''}, IPv${family}`,
      `IPv${first.family}, as ${first.path.join('.')}`,
      'Use one address family for everything inside; a connection cannot change it on the way.',
    );
  }
}
