/**
 * Source ports that mark the packets of a proof, below those the kernel gives out by itself (32768 and
 * up). A host sends from `own`. The namespace `wire` puts packets from `direct` ports on the wire
 * of their destination, and hands packets from `routed` ports to the firewall of their source.
 */
export const markedPorts = {
  own: { first: 15_000, last: 19_999 },
  direct: { first: 20_000, last: 24_999 },
  routed: { first: 25_000, last: 29_999 },
} as const;

/** Where packets of a proof are put: `own` a host sends them itself; see `markedPorts`. */
export type Way = keyof typeof markedPorts;

/** Ports of one way that one proof has. */
const each = 20;
const runs = (markedPorts.own.last + 1 - markedPorts.own.first) / each;

/** The nonce of one proof: the source ports of its packets. */
export interface Marks {
  /** Of the probes of a device, by the way they are put. */
  readonly probes: Readonly<Record<Way, number>>;
  /** Of the sweep of all ports between two hosts. */
  readonly sweep: number;
  /** First of those a traced packet has; each is used once. */
  readonly traces: Readonly<Record<Way, number>>;
  readonly tracesEach: number;
}

/**
 * The marks of a proof that begins at this time: no other of the last four minutes has the same, so that
 * no connection the kernel still remembers is taken for a new one.
 *
 * @param now milliseconds
 */
export function marksAt(now: number): Marks {
  const first = (Math.floor(now / 1000) % runs) * each;
  const at = (way: Way, index: number): number => markedPorts[way].first + first + index;
  const ways = (index: number): Marks['probes'] => ({
    own: at('own', index),
    direct: at('direct', index),
    routed: at('routed', index),
  });
  return { probes: ways(0), sweep: at('own', 1), traces: ways(2), tracesEach: each - 2 };
}
