import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Scheduling } from '#topology';
import { affinityCapacity } from '../constants.ts';
import { maglevTable } from '../policy/maglev.ts';
import { Scheduler } from '../policy/scheduling.ts';

/** The one table of ours; everything else on the machine is left alone. */
export const table = 'table inet usher_vip';

/** Any number; the same everywhere, so that two balancers choose alike. */
const seed = '0x75736865';

/** Steps of a share: a member that returns to service takes one of ten turns first. */
const shares = 10;

/** Client addresses whose connections are counted; beyond it nobody new is limited. */
const sourceCapacity = 65_535;

/** A member as the rules know it. */
export interface RuleMember {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  /** What marks its connections (`ct mark`), from 1; one for all services of a VIP. */
  readonly mark: number;
  /** Takes new connections. */
  readonly open: boolean;
  /** Share of its turns, above 0 to 1. */
  readonly weight: number;
}

/** A virtual service as the rules know it. */
export interface RuleService {
  /** An identifier: letters, digits and underscores. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly members: readonly RuleMember[];
  /** Rules count no connections of others: `leastConnections` takes turns. */
  readonly scheduling: Scheduling;
  /** Seconds a client address stays with its member; undefined: no affinity. */
  readonly affinity: number | undefined;
  /** Seconds; whole. */
  readonly idleTimeout: number;
  /** The address members see as the client; undefined: the client's own. */
  readonly source: string | undefined;
  readonly connectionsPerMember: number | undefined;
  /** Connections one client address may hold, and the addresses it does not bind; undefined: no limit. */
  readonly perSource: { readonly most: number; readonly exempt: readonly string[] } | undefined;
  /** Marks of members whose connections are to be reset on both sides. */
  readonly cut: readonly number[];
}

export const familyOf = ({ address }: { readonly address: string }): 'ip' | 'ip6' =>
  isIPv6(address) ? 'ip6' : 'ip';
export const affinityMapOf = ({ address }: { readonly address: string }): string =>
  `affinity_${address.replaceAll(/[^\da-f]/giu, '_')}`;
type Named = Pick<RuleService, 'name'>;
/** Names of the counters: connections handed to a member, and clients turned away. */
export const counterOf = {
  given: ({ name }: Named, mark: number): string => `given_${name}_${mark}`,
  noMember: ({ name }: Named): string => `none_${name}`,
  perSource: ({ name }: Named): string => `crowd_${name}`,
};
// Reserved words and names that begin with a digit are no names.
const chainOf = ({ name }: RuleService): string => `vip_${name}`;
const timeoutOf = (one: RuleService): string => `idle_${familyOf(one)}_${one.idleTimeout}`;
const sourcesOf = (one: RuleService): string => `sources_${familyOf(one)}`;
const heldOf = ({ name }: RuleService): string => `held_${name}`;
const asked = (one: RuleService): string =>
  `${familyOf(one)} daddr ${one.address} tcp dport ${one.port}`;
const belongsTo = (one: RuleService): string =>
  `meta l4proto tcp ct original ${familyOf(one)} daddr ${one.address} ct original proto-dst ${one.port}`;

/** A chain whose name says which marks mean which member: what may be taken over must have the same. */
export function numberingOf(services: readonly RuleService[]): string {
  const numbers = services.map((one) => [
    one.address,
    one.affinity,
    one.members.map(({ host, mark }) => [host, mark]),
  ]);
  return `marks_${createHash('sha256').update(JSON.stringify(numbers)).digest('hex').slice(0, 16)}`;
}

/**
 * Everything inside the table. All of a new connection is decided in the chain of its service, which the
 * kernel asks for its first packet only; what is decided holds until the connection ends, whatever the
 * rules say later. With `guarded` the rules expect an engine beside them that watches.
 */
export function rulesOf(
  services: readonly RuleService[],
  { guarded }: { readonly guarded: boolean },
): readonly string[] {
  return [
    ...chain(numberingOf(services), undefined, []),
    ...new Set(services.flatMap(timeout)),
    ...new Set(services.flatMap(affinityMap)),
    ...new Set(services.flatMap(countedSets)),
    ...services.flatMap(counters),
    ...services.flatMap((service) => choice(service, guarded)),
    ...chain(
      'dispatch',
      undefined,
      services.map((one) => `${asked(one)} goto ${chainOf(one)}`),
    ),
    ...chain('prerouting', 'nat hook prerouting priority dstnat', ['jump dispatch']),
    // Clients on this machine itself.
    ...chain('output', 'nat hook output priority -100', ['jump dispatch']),
    ...chain('postrouting', 'nat hook postrouting priority srcnat', services.flatMap(sourceNat)),
    ...chain('farewell', undefined, [
      ...services.flatMap(renewal),
      ...(guarded ? services.map(unaccepted) : []),
    ]),
    ...chain('goodbye', 'filter hook prerouting priority mangle', [
      'tcp flags & (fin | rst) != 0 jump farewell',
    ]),
    ...(guarded ? watched(services) : []),
  ];
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

function timeout(service: RuleService): readonly string[] {
  return [
    `\tct timeout ${timeoutOf(service)} {\n\t\tprotocol tcp\n\t\tl3proto ${familyOf(service)}\n\t\tpolicy = { established : ${service.idleTimeout} }\n\t}`,
  ];
}

const addressType = (service: RuleService): string =>
  familyOf(service) === 'ip6' ? 'ipv6_addr' : 'ipv4_addr';

/** Which member a client is bound to, by its mark; one for all ports of the VIP. */
function affinityMap(service: RuleService): readonly string[] {
  if (service.affinity === undefined) return [];
  return [
    `\tmap ${affinityMapOf(service)} {\n\t\ttype ${addressType(service)} : mark\n\t\tflags dynamic,timeout\n\t\ttimeout ${service.affinity}s\n\t\tsize ${affinityCapacity}\n\t}`,
  ];
}

function countedSet(name: string, type: string, size: number): string {
  return `\tset ${name} {\n\t\ttype ${type}\n\t\tflags dynamic\n\t\tsize ${size}\n\t}`;
}

/** Sets in which the kernel counts connections: they outlive the rules that fill them. */
function countedSets(service: RuleService): readonly string[] {
  return [
    ...(service.perSource === undefined
      ? []
      : [countedSet(sourcesOf(service), addressType(service), sourceCapacity)]),
    ...(service.connectionsPerMember === undefined
      ? []
      : [countedSet(heldOf(service), 'mark', 1024)]),
  ];
}

function counters(service: RuleService): readonly string[] {
  return [
    ...service.members.map(({ mark }) => counterOf.given(service, mark)),
    counterOf.noMember(service),
    ...(service.perSource === undefined ? [] : [counterOf.perSource(service)]),
  ].map((name) => `\tcounter ${name} {\n\t}`);
}

const turnedAway = (counter: string): string => `counter name "${counter}" reject with tcp reset`;

/** The chain of one service: chooses a member for the first packet of a connection. */
function choice(service: RuleService, guarded: boolean): readonly string[] {
  const ip = familyOf(service);
  const open = service.members.filter((member) => member.open);
  const begin = [
    // Conntrack takes the middle of a forgotten connection for a new one; no member knows it.
    'tcp flags & (fin | syn | rst | ack) != syn reject with tcp reset',
    `ct timeout set "${timeoutOf(service)}"`,
    ...(guarded ? ['ct event set destroy'] : []),
    ...limitOfSource(service),
  ];
  if (open.length === 0) {
    return chain(chainOf(service), undefined, [...begin, turnedAway(counterOf.noMember(service))]);
  }
  const given = service.members.map(({ mark }) => `${mark} : "${counterOf.given(service, mark)}"`);
  const target = service.members.map(({ mark, address, port }) => `${mark} : ${address} . ${port}`);
  return chain(chainOf(service), undefined, [
    ...begin,
    ...(service.affinity === undefined
      ? [`ct mark set ${spread(service, open)}`]
      : bound(service, open)),
    ...limitOfMember(service),
    `counter name ct mark map { ${given.join(', ')} }`,
    `meta l4proto tcp dnat ${ip} addr . port to ct mark map { ${target.join(', ')} }`,
  ]);
}

function limitOfSource(service: RuleService): readonly string[] {
  if (service.perSource === undefined) return [];
  const { most, exempt } = service.perSource;
  const ip = familyOf(service);
  // IPv6 hosts have a whole /64 to call from.
  const source = ip === 'ip6' ? 'ip6 saddr & ffff:ffff:ffff:ffff::' : 'ip saddr';
  const strangers = exempt.length === 0 ? '' : `${ip} saddr != { ${exempt.join(', ')} } `;
  return [
    `${strangers}add @${sourcesOf(service)} { ${source} ct count over ${most} } ${turnedAway(counterOf.perSource(service))}`,
  ];
}

function limitOfMember(service: RuleService): readonly string[] {
  const { connectionsPerMember: most } = service;
  if (most === undefined) return [];
  return [
    `add @${heldOf(service)} { ct mark ct count over ${most} } ${turnedAway(counterOf.noMember(service))}`,
  ];
}

/** The member the client is bound to, while it is open; else a new choice, which binds it anew. */
function bound(service: RuleService, open: readonly RuleMember[]): readonly string[] {
  const client = `${familyOf(service)} saddr`;
  const map = `@${affinityMapOf(service)}`;
  const elsewhere = `ct mark != { ${open.map(({ mark }) => mark).join(', ')} }`;
  return [
    'ct mark set 0',
    `ct mark set ${client} map ${map}`,
    // An update leaves the value of an element alone: what has to change has to go first.
    `${elsewhere} delete ${map} { ${client} : ct mark }`,
    `${elsewhere} ct mark set ${spread(service, open)}`,
    `update ${map} { ${client} : ct mark }`,
  ];
}

/** In turn, or by hash; every slot is filled, as a missing one would let the packet pass untranslated. */
function spread(service: RuleService, open: readonly RuleMember[]): string {
  if (service.scheduling !== 'maglev') {
    const slots = turnsOf(open);
    const marks = slots.map((mark, slot) => `${slot} : ${mark}`).join(', ');
    return `numgen inc mod ${slots.length} map { ${marks} }`;
  }
  const ip = familyOf(service);
  const client = service.affinity === undefined ? `${ip} saddr . tcp sport` : `${ip} saddr`;
  const owners = maglevTable(open.map(({ host }) => host));
  const markOf = new Map(open.map(({ host, mark }) => [host, mark]));
  const runs = runsOf(owners).map(({ from, to, owner }) => `${from}-${to} : ${markOf.get(owner)}`);
  return `jhash ${client} mod ${owners.length} seed ${seed} map { ${runs.join(', ')} }`;
}

/** The marks of a whole round, every member as often as its weight says, spread evenly. */
function turnsOf(open: readonly RuleMember[]): readonly number[] {
  const turns = open.map(({ weight }) => Math.max(1, Math.round(weight * shares)));
  const common = turns.reduce(greatestCommonDivisor);
  const candidates = open.map(({ mark }, index) => ({
    host: String(mark),
    connections: 0,
    weight: (turns[index] ?? 1) / common,
  }));
  const round = candidates.reduce((sum, { weight }) => sum + weight, 0);
  const scheduler = new Scheduler('roundRobin');
  return Array.from({ length: round }, () => Number(scheduler.pick(candidates, '')));
}

function greatestCommonDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestCommonDivisor(other, one % other);
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

function sourceNat(service: RuleService): readonly string[] {
  if (service.source === undefined) return [];
  return [`ct status dnat ${belongsTo(service)} snat ${familyOf(service)} to ${service.source}`];
}

/** The time of a binding begins anew when a connection ends. */
function renewal(service: RuleService): readonly string[] {
  const open = service.members.filter((member) => member.open);
  if (service.affinity === undefined || open.length === 0) return [];
  const marks = open.map(({ mark }) => mark).join(', ');
  return [
    `${belongsTo(service)} ct mark { ${marks} } update @${affinityMapOf(service)} { ct original ${familyOf(service)} saddr : ct mark }`,
  ];
}

/**
 * A member's refusal does not reach the client: conntrack has forgotten the connection (`dying`), so the
 * client's next attempt, a second later, is chosen for anew.
 */
function unaccepted(service: RuleService): string {
  return `ct direction reply ct status dying ${belongsTo(service)} tcp flags rst drop`;
}

/** What only an engine that watches may ask: sessions cut, and the packets that provoke their ends. */
function watched(services: readonly RuleService[]): readonly string[] {
  return [
    ...chain(
      'cut',
      'filter hook prerouting priority filter',
      services
        .filter((service) => service.cut.length > 0)
        .map(
          (service) =>
            `${belongsTo(service)} ct mark { ${service.cut.join(', ')} } tcp flags & rst == 0 reject with tcp reset`,
        ),
    ),
    // See `wake`: these packets belong to no connection of the balancer's.
    ...chain(
      'wake',
      'filter hook output priority raw',
      services.map(
        (one) =>
          `${familyOf(one)} saddr ${one.address} tcp sport ${one.port} tcp flags & (fin | syn | rst | ack) == syn notrack`,
      ),
    ),
  ];
}
