import { createHash } from 'node:crypto';
import { formatAddress } from '#topology';
import type { Network } from '#topology';
import { protocols } from './model.ts';
import { icmpOf, isIcmp, rangeText } from './services.ts';
import type { Service } from './services.ts';

/** Pieces of at most so many. */
export const chunksOf = <Item>(
  items: readonly Item[],
  most: number,
): readonly (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / most) }, (_, index) =>
    items.slice(index * most, (index + 1) * most),
  );

/** Letters, digits, `.`, `_` and `-` are taken everywhere. */
export const plainName = (text: string): string => text.replace(/[^\w.-]/gu, '_');

/** Gives each rule a name: its row id, with a number where that is taken; none longer than `most`. */
export function nameMaker(most: number): (id: string) => string {
  const taken = new Set<string>();
  return (id) => {
    const plain = plainName(id);
    const start = /^[A-Za-z\d]/u.test(plain) ? plain : `rule${plain}`;
    let name = start.slice(0, most);
    for (let count = 2; taken.has(name); count += 1) {
      name = `${start.slice(0, most - `-${count}`.length)}-${count}`;
    }
    taken.add(name);
    return name;
  };
}

/** Tells contents apart by name: the same content has the same name. */
export const digestOf = (content: string): string =>
  createHash('sha256').update(content).digest('hex').slice(0, 12);

/** The name of a block, at most 49 characters: `usher-10.0.1.0_28`, `usher-2001-db8--1_128`. */
export const addressName = ({ family, value, prefix }: Network): string =>
  `usher-${formatAddress({ family, value }).replaceAll(':', '-')}_${prefix}`;

/** Protocols by the words nearly every command line has for them. */
export const protocolWords: ReadonlyMap<number, string> = new Map([
  [protocols.tcp, 'tcp'],
  [protocols.udp, 'udp'],
  [protocols.sctp, 'sctp'],
  [protocols.icmp, 'icmp'],
  [protocols.icmpv6, 'icmp6'],
]);

/** The name of a service: `usher-tcp-5060`, `usher-udp-5000-5010-from-53`, `usher-47`. */
export function serviceName({ protocol, sourcePort, destinationPort }: Service): string {
  if (protocol === undefined) return 'usher-any';
  const word = protocolWords.get(protocol) ?? `${protocol}`;
  const to = destinationPort === undefined ? '' : `-${portText(protocol, destinationPort)}`;
  const from = sourcePort === undefined ? '' : `-from-${rangeText(sourcePort)}`;
  return `usher-${word}${to}${from}`;
}

function portText(protocol: number, range: NonNullable<Service['destinationPort']>): string {
  if (!isIcmp(protocol)) return rangeText(range);
  const { type, code } = icmpOf(range);
  return code === undefined ? `${type}` : `${type}-${code}`;
}
