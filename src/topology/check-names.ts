import { addressesIn, addressKey, hostsIn, nameOf, poolsOf } from './inventory.ts';
import type { Entry, Report } from './inventory.ts';
import type { Draft } from './salvage.ts';
import { entries } from './inventory.ts';

/** Calls back for every entry whose key an earlier entry has taken. */
function eachRepeat(
  items: readonly Entry<string>[],
  keyOf: (value: string) => string,
  repeated: (item: Entry<string>, first: Entry<string>) => void,
): void {
  const seen = new Map<string, Entry<string>>();
  for (const item of items) {
    const first = seen.get(keyOf(item.value));
    if (first === undefined) seen.set(keyOf(item.value), item);
    else repeated(item, first);
  }
}

/** The names of pools and hosts; a pool of one server may share that server's name. */
function serverNames(draft: Draft): readonly Entry<string>[] {
  const pools = poolsOf(draft).filter(({ value }) => {
    const only = value.members?.length === 1 ? value.members[0]?.fqdn : undefined;
    return (
      value.loadBalancing !== 'none' ||
      only === undefined ||
      nameOf(only) !== nameOf(value.fqdn ?? '')
    );
  });
  return [...pools, ...hostsIn(draft)].flatMap(({ value, path }) =>
    value.fqdn === undefined ? [] : [{ value: value.fqdn, path: [...path, 'fqdn'] }],
  );
}

function checkServerNames(draft: Draft, report: Report): void {
  eachRepeat(serverNames(draft), nameOf, (item, first) =>
    report(
      item.path,
      'duplicate-fqdn',
      `${item.value}, which ${first.path.join('.')} has already`,
      'a name no other host or pool has',
      'Give each host and pool its own name; certificates and trust go by it.',
    ),
  );
}

/** External web names tell the pools apart behind one reverse proxy, so they must differ. */
function checkWebNames(draft: Draft, report: Report): void {
  for (const side of ['external', 'internal'] as const) {
    const names = poolsOf(draft).flatMap(({ value, path }): Entry<string>[] => {
      const name = value.web?.[side];
      return name === undefined ? [] : [{ value: name, path: [...path, 'web', side] }];
    });
    eachRepeat(names, nameOf, (item, first) =>
      report(
        item.path,
        'duplicate-web-name',
        `${item.value}, which ${first.path.join('.')} has already`,
        'a web name no other pool has',
        'Give the web site of each pool its own name.',
      ),
    );
  }
  for (const { value, path } of poolsOf(draft)) {
    const { fqdn, web, loadBalancing, vip } = value;
    if (loadBalancing !== 'dns' || vip === undefined || fqdn === undefined) continue;
    if (web?.internal === undefined || nameOf(web.internal) !== nameOf(fqdn)) continue;
    report(
      [...path, 'web', 'internal'],
      'web-name-is-pool-name',
      `${fqdn}, the name of the pool`,
      'a name of its own',
      'With DNS balancing the pool name leads to the members and the web name to the VIP, so they must differ.',
    );
  }
}

function checkAddresses(draft: Draft, report: Report): void {
  const { hosts, vips } = addressesIn(draft);
  const tell = (item: Entry<string>, first: Entry<string>): void =>
    report(
      item.path,
      'duplicate-address',
      `${item.value}, which ${first.path.join('.')} has already`,
      'an address nothing else has',
      'Give each interface of each host, and each VIP, its own address.',
    );
  eachRepeat(hosts, addressKey, tell);
  eachRepeat(vips, addressKey, tell);
  const taken = new Map(hosts.map((host) => [addressKey(host.value), host]));
  for (const vip of vips) {
    const host = taken.get(addressKey(vip.value));
    if (host === undefined) continue;
    report(
      vip.path,
      'vip-is-host-address',
      `${vip.value}, which ${host.path.join('.')} has already`,
      'an address no host has',
      'The VIP belongs to the load balancer alone; a server with the same address would answer in its place.',
    );
  }
}

function checkDomains(draft: Draft, report: Report): void {
  eachRepeat(entries(draft.sipDomains, ['sipDomains']), nameOf, (item, first) =>
    report(
      item.path,
      'duplicate-domain',
      `${item.value}, which ${first.path.join('.')} has already`,
      'each SIP domain once',
      'Remove one of the two.',
    ),
  );
}

/** Names and addresses that may occur only once. */
export function checkNames(draft: Draft, report: Report): void {
  checkServerNames(draft, report);
  checkWebNames(draft, report);
  checkAddresses(draft, report);
  checkDomains(draft, report);
}
