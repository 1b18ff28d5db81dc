import { isIPv6 } from 'node:net';
import type { Scheduling } from '#topology';
import { affinityCapacity } from '../constants.ts';
import { maglevTable } from '../policy/maglev.ts';
import {
  allAfter,
  groups,
  integer,
  needed,
  readBlocks,
  unreadable,
  type Block,
} from './reading.ts';
import type { BalancerRecord, MemberRecord, ServiceRecord } from './record.ts';
import type { ExportTarget } from './target.ts';

const table = 'table inet usher_vip';
/** Any number; the same everywhere, so that two balancers choose alike. */
const seed = '0x75736865';

/** nftables 1.0.6 or newer: one table, replaced as a whole; the kernel carries the connections. */
export const nftables: ExportTarget = {
  destinationNat: true,
  render,
  read,
  carries,
};

/** Rules probe nothing and count no connections: what needs either is left to what writes the rules. */
function carries(service: ServiceRecord): ServiceRecord {
  return {
    ...service,
    scheduling: service.scheduling === 'maglev' ? 'maglev' : 'roundRobin',
    slowStart: 0,
    connectionsPerMember: undefined,
    checks: [],
    probeInterval: undefined,
    onFailure: 'keep',
  };
}

function render(record: BalancerRecord): string {
  const { services } = record;
  return [
    ...head(record),
    ...membersOf(services).map(({ host, address }) => `# member ${address} ${host}`),
    '',
    // Both lines, so that the file replaces what is there or is the first; all in one transaction.
    table,
    `delete ${table}`,
    `${table} {`,
    ...new Set(services.flatMap(timeout)),
    ...new Set(services.flatMap(affinityMap)),
    ...services.flatMap(choice),
    ...chain(
      'dispatch',
      undefined,
      services.map((one) => `${asked(one)} goto ${chainOf(one)}`),
    ),
    ...chain('prerouting', 'nat hook prerouting priority dstnat', ['jump dispatch']),
    // Clients on this machine itself.
    ...chain('output', 'nat hook output priority -100', ['jump dispatch']),
    ...chain(
      'idle',
      'filter hook prerouting priority filter',
      services.map((one) => `${asked(one)} ct timeout set "${timeoutOf(one)}"`),
    ),
    ...chain('postrouting', 'nat hook postrouting priority srcnat', services.flatMap(sourceNat)),
    '}',
    '',
  ].join('\n');
}

function head({ balancer }: BalancerRecord): readonly string[] {
  return [
    `# ${balancer}: rendered by Usher from the topology; change that, not this.`,
    '# Load: nft -f FILE   It replaces its own table in one step; connections outlive that.',
    '# The VIP has to be an address of this machine, which forwards (net.ipv4.ip_forward=1,',
    '# net.ipv6.conf.all.forwarding=1).',
    '# Roll back: nft delete table inet usher_vip   This resets the connections it carries; loading',
    '# the file from before does not.',
    '# What it cannot: rules probe nothing. A dead member stays in until the file is rendered without',
    '# it. They count no connections: members take turns, without limit, without slow start. The mark of',
    '# a connection (ct mark) says which member its client is bound to.',
  ];
}

function membersOf(services: readonly ServiceRecord[]): readonly MemberRecord[] {
  const members = services.flatMap((service) => service.members);
  return [...new Map(members.map((member) => [member.host, member])).values()];
}

/** Statements one a line: nft 1.0.6 takes no `}` on a line that has another statement. */
function chain(
  name: string,
  hook: string | undefined,
  rules: readonly string[],
): readonly string[] {
  return [
    `\tchain ${name} {`,
    ...(hook === undefined ? [] : [`\t\ttype ${hook}`, '\t\tpolicy accept']),
    ...rules.map((rule) => `\t\t${rule}`),
    '\t}',
  ];
}

const family = ({ address }: ServiceRecord): 'ip' | 'ip6' => (isIPv6(address) ? 'ip6' : 'ip');
const asked = (one: ServiceRecord): string =>
  `${family(one)} daddr ${one.address} tcp dport ${one.port}`;
// A name must not begin with a digit.
const chainOf = ({ name }: ServiceRecord): string => `vip_${name}`;
const timeoutOf = (one: ServiceRecord): string => `idle_${family(one)}_${one.idleTimeout}`;
const mapOf = ({ address }: ServiceRecord): string =>
  `affinity_${address.replaceAll(/[^\da-f]/giu, '_')}`;

function timeout(service: ServiceRecord): readonly string[] {
  return [
    `\tct timeout ${timeoutOf(service)} {\n\t\tprotocol tcp\n\t\tl3proto ${family(service)}\n\t\tpolicy = { established : ${service.idleTimeout} }\n\t}`,
  ];
}

/** Which member a client is bound to, by its place in the pool; one for all ports of the VIP. */
function affinityMap(service: ServiceRecord): readonly string[] {
  if (service.affinity === undefined) return [];
  const key = family(service) === 'ip6' ? 'ipv6_addr' : 'ipv4_addr';
  return [
    `\tmap ${mapOf(service)} {\n\t\ttype ${key} : mark\n\t\tflags dynamic,timeout\n\t\ttimeout ${service.affinity}s\n\t\tsize ${affinityCapacity}\n\t}`,
  ];
}

/** The chain of one service: chooses a member for the first packet of a connection. */
function choice(service: ServiceRecord): readonly string[] {
  const ip = family(service);
  const targets = service.members.map(({ address, port }) => `${address} . ${port}`);
  const translate = `meta l4proto tcp dnat ${ip} addr . port to`;
  if (service.affinity === undefined) {
    return chain(chainOf(service), undefined, [`${translate} ${spread(service, targets)}`]);
  }
  const marks = targets.map((_, index) => String(index + 1));
  const byMark = targets.map((target, index) => `${index + 1} : ${target}`).join(', ');
  return chain(chainOf(service), undefined, [
    `ct mark set ${ip} saddr map @${mapOf(service)}`,
    `ct mark 0 ct mark set ${spread(service, marks)}`,
    `update @${mapOf(service)} { ${ip} saddr : ct mark }`,
    `${translate} ct mark map { ${byMark} }`,
  ]);
}

/** In turn, or by hash; every slot is filled, as a missing one would let the packet pass untranslated. */
function spread(service: ServiceRecord, values: readonly string[]): string {
  if (service.scheduling !== 'maglev') {
    const slots = values.map((value, index) => `${index} : ${value}`).join(', ');
    return `numgen inc mod ${values.length} map { ${slots} }`;
  }
  const ip = family(service);
  const client = service.affinity === undefined ? `${ip} saddr . tcp sport` : `${ip} saddr`;
  const owners = maglevTable(service.members.map(({ host }) => host));
  const value = new Map(service.members.map(({ host }, index) => [host, values[index]]));
  const runs = runsOf(owners).map(({ from, to, owner }) => `${from}-${to} : ${value.get(owner)}`);
  return `jhash ${client} mod ${owners.length} seed ${seed} map { ${runs.join(', ')} }`;
}

/** Neighbouring slots of one owner as one interval. */
function runsOf(owners: readonly string[]): { from: number; to: number; owner: string }[] {
  const runs: { from: number; to: number; owner: string }[] = [];
  for (const [slot, owner] of owners.entries()) {
    const last = runs.at(-1);
    if (last?.owner === owner) last.to = slot;
    else runs.push({ from: slot, to: slot, owner });
  }
  return runs;
}

function sourceNat(service: ServiceRecord): readonly string[] {
  if (service.source === undefined) return [];
  const ip = family(service);
  return [
    `ct status dnat meta l4proto tcp ct original ${ip} daddr ${service.address} ct original proto-dst ${service.port} snat ${ip} to ${service.source}`,
  ];
}

function read(text: string): readonly ServiceRecord[] {
  const block = readBlocks(text).blocks.find((one) => one.head === table);
  if (block === undefined) throw unreadable('no table');
  const inside = new Map(block.blocks.map((one) => [one.head, one]));
  const hosts = [...text.matchAll(/^# member (\S+) (\S+)$/gmu)].map(
    ([, address = '', host = '']) => ({
      address,
      host,
    }),
  );
  return allRules(inside, 'dispatch').map((rule) => readService(rule, inside, hosts));
}

function allRules(inside: ReadonlyMap<string, Block>, name: string): readonly string[] {
  const found = inside.get(`chain ${name}`);
  if (found === undefined) throw unreadable(`no chain ${name}`);
  return found.lines.filter((line) => !/^(?:type|policy) /u.test(line));
}

function readService(
  rule: string,
  inside: ReadonlyMap<string, Block>,
  hosts: readonly { address: string; host: string }[],
): ServiceRecord {
  const {
    address = '',
    port = '',
    name = '',
    matches = '',
  } = groups(
    /^(?<matches>ip6? daddr (?<address>\S+) tcp dport (?<port>\d+)) goto vip_(?<name>\S+)$/u,
    rule,
  );
  const rules = allRules(inside, `vip_${name}`);
  const idle = allAfter(allRules(inside, 'idle'), `${matches} ct timeout set`)[0];
  const policy = needed(
    inside.get(`ct timeout ${idle?.replaceAll('"', '')}`)?.lines ?? [],
    'policy',
  );
  const bound = /map @(\S+)$/u.exec(rules[0] ?? '')?.[1];
  const kept = bound === undefined ? undefined : inside.get(`map ${bound}`)?.lines;
  const translated = new RegExp(
    `^ct status dnat .* daddr ${address.replaceAll('.', '\\.')} ct original proto-dst ${port} snat ip6? to (\\S+)$`,
    'u',
  );
  return {
    name,
    address,
    port: Number(port),
    members: readMembers(rules.at(-1) ?? '', hosts),
    scheduling: readScheduling(rules),
    slowStart: 0,
    connectionsPerMember: undefined,
    affinity: bound === undefined ? undefined : integer(needed(kept ?? [], 'timeout')),
    idleTimeout: Number(groups(/established : (?<seconds>\d+)/u, policy)['seconds']),
    source: allRules(inside, 'postrouting').flatMap((line) => translated.exec(line)?.[1] ?? [])[0],
    checks: [],
    probeInterval: undefined,
    onFailure: 'keep',
  };
}

/** Every address and port the rule may lead to, in the order of the members. */
function readMembers(
  rule: string,
  hosts: readonly { address: string; host: string }[],
): readonly MemberRecord[] {
  const pairs = [...rule.matchAll(/ : (\S+) \. (\d+)/gu)];
  const ports = new Map(pairs.map(([, address = '', port]) => [address, Number(port)]));
  for (const address of ports.keys()) {
    if (!hosts.some((host) => host.address === address)) throw unreadable(`no name for ${address}`);
  }
  return hosts.flatMap(({ address, host }) => {
    const port = ports.get(address);
    return port === undefined ? [] : [{ host, address, port }];
  });
}

function readScheduling(rules: readonly string[]): Scheduling {
  return rules.some((rule) => rule.includes(' jhash ')) ? 'maglev' : 'roundRobin';
}
