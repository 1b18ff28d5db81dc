import { isDeepStrictEqual } from 'node:util';
import { isIPv6 } from 'node:net';
import { UsherError } from '#base';
import { virtualServicesOf, type Plan } from '#ports';
import { parseAddress } from '#topology';
import { groups, integer, needed, readBlocks, unreadable } from './reading.ts';
import { balancerRecord } from './record.ts';

/** The name `--target` takes for it. */
export const vrrpTarget = 'keepalived-vrrp';

/** What the machine has to be told that the topology does not know. */
export interface VrrpPlace {
  /** The network interface on the wire of the VIP, e.g. `eth0`. */
  readonly interface: string;
  /** The file a balancer that is ready touches all the time; see `Beacon` of the host. */
  readonly beacon: string;
}

/** One machine of a pair in the words of VRRP (RFC 5798). */
interface VrrpRecord extends VrrpPlace {
  readonly routerId: number;
  readonly priority: number;
  readonly address: string;
  readonly partner: string;
  readonly vips: readonly string[];
}

/** Seconds between two advertisements: three of them and a little have to stay away. */
const advertInterval = 1;

/**
 * Seconds after which a beacon is old, and between two looks at it; two in a row count. A balancer lights it
 * twice a second; one that is killed or stuck is found out within the age and two intervals.
 */
const beaconAge = 3;
const lookInterval = 1;

/** Seconds a look may take on a machine that is busy. */
const lookTimeout = 5;

/** How much of a real-time priority keepalived may take when it notices that it runs late. */
const realTime = 20;

/** Of the one the topology names first, and of the other: it counts when both start at once. */
const priorities = { balancer: 150, standby: 100 } as const;

/**
 * The configuration of keepalived for one machine of a pair: which of the two has the VIPs. What was
 * written is read back and compared with the plan. The same plan and place give the same text.
 *
 * @throws UsherError `USHER_NOT_A_BALANCER` for a host that serves no VIP; `USHER_BALANCER_EXPORT` for one
 *   that has no partner
 */
export function renderVrrp(plan: Plan, balancer: string, place: VrrpPlace): string {
  const { balancer: name, pair, services } = balancerRecord(plan, balancer);
  if (pair === undefined) {
    throw new UsherError('USHER_BALANCER_EXPORT', `${name} has nobody to take its VIP over.`, {
      remedy: 'Give the pool a `standby`, a second host of `balancers`, in the topology.',
    });
  }
  refuseStrange('interface', place.interface);
  refuseStrange('path', place.beacon);
  const vips = [...new Set(services.map((service) => service.address))];
  const stands = virtualServicesOf(plan, name).some(({ standby }) => standby === name);
  const record: VrrpRecord = {
    ...place,
    routerId: routerIdOf(vips),
    priority: stands ? priorities.standby : priorities.balancer,
    address: pair.address,
    partner: pair.partner.address,
    vips,
  };
  const lines = [...head(name, pair.partner.host, record), ...configuration(name, record)];
  const text = lines.join('\n');
  if (!isDeepStrictEqual(read(text), record)) {
    throw unreadable('it says something else than the topology');
  }
  return text;
}

/** Both stand in the file without quotes of their own. */
function refuseStrange(what: string, text: string): void {
  if (/^[\w./@:-]+$/u.test(text)) return;
  throw new UsherError(
    'USHER_BALANCER_EXPORT',
    `keepalived takes no ${what} ${JSON.stringify(text)}.`,
    {
      remedy: 'Letters, digits and . _ / @ : - only.',
    },
  );
}

/** The last byte of the first VIP, which a packet capture then tells; never 0. */
function routerIdOf([vip = '']: readonly string[]): number {
  return Number((parseAddress(vip)?.value ?? 0n) & 0xffn) || 255;
}

function head(balancer: string, partner: string, { beacon }: VrrpRecord): readonly string[] {
  return [
    `# ${balancer}: rendered by Usher from the topology; change that, not this.`,
    `# Load, here and the one for ${partner} there: keep the old file, write this to`,
    '# /etc/keepalived/keepalived.conf, then',
    '#   keepalived --config-test && systemctl reload keepalived',
    '# Roll back: put the old file back and reload. Take the VIPs off every interface before: from now on',
    '# keepalived gives them to one of the two machines.',
    `# The VIPs leave a machine that is off, whose interface has no link, or whose balancer does not light`,
    `# ${beacon} any more. They do not come back by themselves`,
    `# (nopreempt): that would cut sessions. To move them: systemctl restart keepalived where they are.`,
    `# Between the machines: IP protocol 112, from address to address; no secret (RFC 5798 has none), but a`,
    '# sender other than the partner, or one behind a router, is not believed.',
    '',
  ];
}

function configuration(balancer: string, record: VrrpRecord): readonly string[] {
  const bits = record.vips.map((vip) => `${vip}/${isIPv6(vip) ? 128 : 32}`);
  return [
    'global_defs {',
    `    router_id ${balancer}`,
    '    vrrp_version 3',
    '    enable_script_security',
    '    script_user root',
    '    # Otherwise a busy machine would seem a dead one.',
    `    max_auto_priority ${realTime}`,
    '}',
    '',
    '# True while the balancer says that it serves.',
    'vrrp_script balancer_ready {',
    `    script "/bin/sh -c '/usr/bin/find ${record.beacon} -newermt -${beaconAge}seconds | grep -q .'"`,
    `    interval ${lookInterval}`,
    `    timeout ${lookTimeout}`,
    '    fall 2',
    '    rise 2',
    '}',
    '',
    'vrrp_instance usher {',
    '    state BACKUP',
    '    nopreempt',
    `    interface ${record.interface}`,
    `    virtual_router_id ${record.routerId}`,
    `    priority ${record.priority}`,
    `    advert_int ${advertInterval}`,
    `    unicast_src_ip ${record.address}`,
    '    unicast_ttl 255',
    '    unicast_peer {',
    `        ${record.partner} min_ttl 255 max_ttl 255`,
    '    }',
    '    virtual_ipaddress {',
    ...bits.map((vip) => `        ${vip} dev ${record.interface}`),
    '    }',
    '    track_script {',
    '        balancer_ready',
    '    }',
    '}',
    '',
  ];
}

function read(text: string): VrrpRecord {
  const root = readBlocks(text);
  const [script, instance] = ['vrrp_script', 'vrrp_instance'].map((kind) => {
    const found = root.blocks.find((block) => block.head.startsWith(`${kind} `));
    if (found === undefined) throw unreadable(`it has no ${kind}`);
    return found;
  });
  const within = (name: string): readonly string[] =>
    instance?.blocks.find((block) => block.head === name)?.lines ?? [];
  const lines = instance?.lines ?? [];
  const { beacon = '' } = groups(/find (?<beacon>\S+) /u, needed(script?.lines ?? [], 'script'));
  const { partner = '' } = groups(/^(?<partner>\S+) /u, within('unicast_peer')[0] ?? '');
  return {
    interface: needed(lines, 'interface'),
    beacon,
    routerId: integer(needed(lines, 'virtual_router_id')),
    priority: integer(needed(lines, 'priority')),
    address: needed(lines, 'unicast_src_ip'),
    partner,
    vips: within('virtual_ipaddress').map((line) => line.split('/')[0] ?? ''),
  };
}
