import {
  addressesOf,
  between,
  everyIPv6,
  everything,
  exactly,
  matching,
  named,
  protocols,
} from '../model/index.ts';
import type { Rule } from '../model/index.ts';
import type { Text, Language } from '#base';

const reasons = {
  replies: {
    en: 'Packets of connections that were let in before, and the errors about them.',
    de: 'Pakete bereits zugelassener Verbindungen und Fehlermeldungen zu ihnen.',
  },
  loopback: {
    en: 'The host talks to itself.',
    de: 'Der Host spricht mit sich selbst.',
  },
  vrrp: {
    en: 'VRRP (IP protocol 112) between the two balancers: who has the VIP.',
    de: 'VRRP (IP-Protokoll 112) zwischen den beiden Balancern: wer die VIP hat.',
  },
  neighbours: {
    en: 'IPv6 neighbour discovery and multicast listeners: without them there is no IPv6 (RFC 4890, 4.4.1).',
    de: 'IPv6-Nachbarermittlung und Multicast-Empfänger: Ohne sie gibt es kein IPv6 (RFC 4890, 4.4.1).',
  },
} as const satisfies Record<string, Text>;

/** A port of ICMPv6 is type × 256 + code; these are the packets of types `first` to `last`. */
const types = (first: number, last: number) => between(first * 256, last * 256 + 255);

/**
 * Multicast listener query, report and done, router and neighbour discovery (130 to 136),
 * version 2 reports (143): what Linux connection tracking leaves untracked.
 */
const neighbourTypes = [...types(130, 136), ...types(143, 143)];

/** Return traffic, first in every chain because nearly every packet is of it. */
export const replies = (language: Language): Rule => ({
  id: 'replies',
  match: matching({ states: ['established', 'related'] }),
  action: { kind: 'accept' },
  comment: reasons.replies[language],
});

/** Traffic that never leaves the host. */
export const loopback = (direction: 'in' | 'out', language: Language): Rule => ({
  id: 'loopback',
  match: {
    ...everything,
    [direction === 'in' ? 'inInterface' : 'outInterface']: named('lo'),
  },
  action: { kind: 'accept' },
  comment: reasons.loopback[language],
});

/**
 * The advertisements of a pair of balancers, from one to the other (RFC 5798). They have no port and
 * open no connection, so no row of the port table is about them.
 */
export const vrrp = (from: string, to: string, language: Language): Rule => ({
  id: 'vrrp',
  match: matching({
    source: addressesOf([from]),
    destination: addressesOf([to]),
    protocol: exactly(protocols.vrrp),
    states: ['new'],
  }),
  action: { kind: 'accept' },
  comment: reasons.vrrp[language],
});

/** What IPv6 needs on every link. */
export const neighbours = (language: Language): Rule => ({
  id: 'neighbours',
  match: matching({
    source: everyIPv6,
    destination: everyIPv6,
    protocol: exactly(protocols.icmpv6),
    destinationPort: neighbourTypes,
    states: ['untracked'],
  }),
  action: { kind: 'accept' },
  comment: reasons.neighbours[language],
});
