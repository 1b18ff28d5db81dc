import type { Scheduling } from '#topology';
import { rulesOf, table, type RuleService } from '../nftables/rules.ts';
import { groups, integer, needed, readBlocks, unreadable, type Block } from './reading.ts';
import type { BalancerRecord, MemberRecord, ServiceRecord } from './record.ts';
import type { ExportTarget } from './target.ts';

/** nftables 1.0.6 or newer: one table, replaced as a whole; the kernel carries the connections. */
export const nftables: ExportTarget = {
  destinationNat: true,
  render,
  read,
  carries,
};

/** Rules probe nothing and compare no counts: what needs either is left to what writes the rules. */
function carries(service: ServiceRecord): ServiceRecord {
  return {
    ...service,
    scheduling: service.scheduling === 'maglev' ? 'maglev' : 'roundRobin',
    slowStart: 0,
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
    ...rulesOf(services.map(ruleService), { guarded: false }),
    '}',
    '',
  ].join('\n');
}

/** As an engine would write it with everybody up. */
function ruleService(service: ServiceRecord): RuleService {
  return {
    ...service,
    members: service.members.map((member, index) => ({
      ...member,
      mark: index + 1,
      open: true,
      weight: 1,
    })),
    perSource: undefined,
    cut: [],
  };
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
    '# it. Least connections and slow start need whoever writes the rules: members take turns. The mark of',
    '# a connection (ct mark) says which member has it; nothing else may set it.',
  ];
}

function membersOf(services: readonly ServiceRecord[]): readonly MemberRecord[] {
  const members = services.flatMap((service) => service.members);
  return [...new Map(members.map((member) => [member.address, member])).values()];
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
  } = groups(/^ip6? daddr (?<address>\S+) tcp dport (?<port>\d+) goto vip_(?<name>\S+)$/u, rule);
  const rules = allRules(inside, `vip_${name}`);
  const timeout = needed(rules, 'ct timeout set').replaceAll('"', '');
  const policy = needed(inside.get(`ct timeout ${timeout}`)?.lines ?? [], 'policy');
  const bound = rules.flatMap((one) => / map @(\S+)$/u.exec(one)?.[1] ?? [])[0];
  const kept = bound === undefined ? undefined : inside.get(`map ${bound}`)?.lines;
  const most = rules.flatMap((one) => /^add @held_\S+ .* over (\d+) /u.exec(one)?.[1] ?? [])[0];
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
    connectionsPerMember: most === undefined ? undefined : Number(most),
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
