import * as z from 'zod';
import type { Probe } from '#firewall';
import { markedPorts } from '../plan/index.ts';
import type { Marks, Way } from '../plan/index.ts';

/** The table by which a device tells what reached it and what it let pass. */
export const observerTable = 'usher_proof';

/** Connections a device may see in one proof; beyond them the set takes no more. */
const largest = 1_000_000;

/** Seconds the opener of a connection is remembered: longer than a whole proof takes on a busy machine. */
const remembered = 3600;

const opening = 'tcp flags & (fin|syn|rst|ack) == syn';

/** Packets of a proof open nothing: only who means it counts. */
const unmarked = `tcp sport != ${markedPorts.own.first}-${markedPorts.routed.last}`;

const key = { 4: 'ip saddr . ip daddr', 6: 'ip6 saddr . ip6 daddr' } as const;
const original = {
  4: 'ct original ip saddr . ct original ip daddr',
  6: 'ct original ip6 saddr . ct original ip6 daddr',
} as const;
const type = { 4: 'ipv4_addr . ipv4_addr', 6: 'ipv6_addr . ipv6_addr' } as const;
const nfproto = { 4: 'meta nfproto ipv4', 6: 'meta nfproto ipv6' } as const;

/** Records packets of a mark in the set of this name. */
function recording(set: string, mark: number): readonly string[] {
  return ([4, 6] as const).flatMap((family) =>
    [`tcp sport ${mark} ${opening}`, `udp sport ${mark}`].map(
      (packets) =>
        `${nfproto[family]} ${packets} update @${set}${family} { ${key[family]} . meta l4proto . th dport }`,
    ),
  );
}

/** Records packets a balancer's kernel hands on, by the destination their sender wrote. */
function translating(mark: number): readonly string[] {
  return ([4, 6] as const).map(
    (family) =>
      `${nfproto[family]} tcp sport ${mark} ${opening} update @handed${family} { ${original[family]} . meta l4proto . ct original proto-dst }`,
  );
}

const counting = (name: string, mark: number): readonly string[] =>
  [`tcp sport ${mark} ${opening}`, `udp sport ${mark}`].map(
    (packets) => `${packets} counter name ${name}`,
  );

const chain = (name: string, hook: string, lines: readonly string[]): string =>
  [
    `  chain ${name} {`,
    `    type filter hook ${hook}`,
    ...lines.map((line) => `    ${line}`),
    '  }',
  ].join('\n');

/** The sets, one a family, that packets let pass are recorded in. */
const sets = (name: string): readonly string[] =>
  ([4, 6] as const).map(
    (family) =>
      `  set ${name}${family} {\n    type ${type[family]} . inet_proto . inet_service\n    flags dynamic\n    size ${largest}\n  }`,
  );

/**
 * The observer of a device, for `nft -f`. It decides nothing: it counts the marked packets that arrive
 * before any other chain sees them, records those the device let pass after every filter, and remembers
 * who has opened connections to it. Loading it replaces one that is there.
 *
 * @param kind what it stands on: a host is asked for what comes in and goes out, a router for the rest
 */
export function observer(
  kind: 'host' | 'router',
  { probes, sweep, traces, tracesEach }: Marks,
): string {
  const traced = (way: Way): string =>
    `th sport ${traces[way]}-${traces[way] + tracesEach - 1} meta nftrace set 1`;
  const openers = ([4, 6] as const).map(
    (family) =>
      `  set opened${family} {\n    type ${type[family]} . inet_service . inet_service\n    flags dynamic,timeout\n    timeout ${remembered}s\n    size ${largest}\n  }`,
  );
  const opened = ([4, 6] as const).map(
    (family) =>
      `${nfproto[family]} ${unmarked} ${opening} update @opened${family} { ${key[family]} . tcp sport . tcp dport }`,
  );
  const body =
    kind === 'host'
      ? [
          ...sets('in'),
          ...sets('out'),
          ...sets('swept'),
          ...sets('handed'),
          ...openers,
          '  counter arrived {\n  }',
          '  counter left {\n  }',
          chain('before', 'prerouting priority -310', [
            ...counting('arrived', probes.direct),
            ...opened,
            traced('direct'),
          ]),
          chain('sending', 'output priority -310', [
            ...counting('left', probes.own),
            ...counting('left', sweep),
            traced('own'),
          ]),
          chain('taken', 'input priority 310', [
            ...recording('in', probes.direct),
            ...recording('swept', sweep),
          ]),
          chain('sent', 'postrouting priority 310', recording('out', probes.own)),
          chain('handed', 'forward priority 310', translating(probes.direct)),
        ]
      : [
          ...sets('forward'),
          '  counter arrived {\n  }',
          chain('before', 'prerouting priority -310', [
            ...counting('arrived', probes.routed),
            traced('routed'),
          ]),
          chain('passed', 'postrouting priority 310', recording('forward', probes.routed)),
        ];
  const head = `table inet ${observerTable}\ndelete table inet ${observerTable}\n`;
  return `${head}table inet ${observerTable} {\n${body.join('\n')}\n}\n`;
}

/** What an observer has seen. */
export interface Seen {
  /** Marked packets that reached the device (a host: by the wire), and those it began to send. */
  readonly arrived: number;
  readonly left: number;
  /** Probes let pass, as `keyOf` writes them, by set: `in`, `out`, `forward`, `handed`, `swept`. */
  readonly passed: Readonly<Record<string, ReadonlySet<string>>>;
  /** Connections that were opened to it: see `openerOf`. */
  readonly opened: ReadonlySet<string>;
}

/** A probe as observers name it. */
export const keyOf = ({ source, destination, protocol, port }: Probe): string =>
  `${source} ${destination} ${protocol} ${port}`;

/** A connection as observers name it, by its four ends. */
export const openerOf = (
  source: string,
  sourcePort: number,
  destination: string,
  port: number,
): string => `${source} ${destination} ${sourcePort} ${port}`;

const part = z.union([z.string(), z.number()]);
const tuple = z.object({ concat: z.array(part) });
const listing = z.object({
  nftables: z.array(
    z.object({
      counter: z.object({ name: z.string(), packets: z.number() }).optional(),
      set: z
        .object({
          name: z.string(),
          elem: z.array(z.union([tuple, z.object({ elem: z.object({ val: tuple }) })])).optional(),
        })
        .optional(),
    }),
  ),
});

/** Reads what `nft -j list table inet usher_proof` prints. */
export function readObserver(text: string): Seen {
  const { nftables } = listing.parse(JSON.parse(text));
  const counters = new Map(
    nftables.flatMap(({ counter }) =>
      counter === undefined ? [] : [[counter.name, counter.packets] as const],
    ),
  );
  const passed: Record<string, Set<string>> = {};
  for (const { set } of nftables) {
    if (set === undefined) continue;
    const name = set.name.replace(/[46]$/u, '');
    const found = (passed[name] ??= new Set());
    for (const element of set.elem ?? []) {
      const { concat } = 'concat' in element ? element : element.elem.val;
      found.add(concat.join(' '));
    }
  }
  return {
    arrived: counters.get('arrived') ?? 0,
    left: counters.get('left') ?? 0,
    passed,
    opened: passed['opened'] ?? new Set(),
  };
}
