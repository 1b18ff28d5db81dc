/** One packet that opens a connection. */
export interface Packet {
  readonly source: string;
  readonly destination: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

/** The rule that decided a packet, as the kernel's trace tells it. */
export interface DecidingRule {
  /** Row id its comment begins with, or the comment, or the rule itself; `policy` when no rule did. */
  readonly rule: string;
  readonly comment: string;
}

/** Probes alike that a device did not treat as the port table says. */
export interface DeviceFinding {
  /** `blocked`: a row asks for them. `admitted`: none does. */
  readonly kind: 'blocked' | 'admitted';
  /** The row that asks for them; undefined for `admitted`. */
  readonly row: string | undefined;
  /** Undefined when the kernel told nothing within the time given. */
  readonly decided: DecidingRule | undefined;
  /** One of them. */
  readonly packet: Packet;
  /** How many there were. */
  readonly probes: number;
}

/** What a device lets pass, seen behind its filter. */
export interface DeviceProof {
  /** FQDN of a host, `gateway` or `perimeter`. */
  readonly device: string;
  readonly direction: 'in' | 'out' | 'forward';
  /** Packets put before its door, every one of which was seen to arrive there. */
  readonly probed: number;
  readonly admitted: number;
  readonly findings: readonly DeviceFinding[];
}

/** A port one host reaches on another, or fails to, against the port table. */
export interface PairFinding {
  readonly kind: 'blocked' | 'admitted';
  /** The row that asks for it; undefined for `admitted`. */
  readonly row: string | undefined;
  readonly from: string;
  readonly to: string;
  readonly packet: Packet;
}

/** Every port of every address, from every host and network, as they are met at the far end. */
export interface PairsProof {
  readonly pairs: number;
  /** Packets sent. */
  readonly probed: number;
  readonly admitted: number;
  readonly findings: readonly PairFinding[];
}
