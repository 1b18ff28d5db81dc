import { formatAddress, parseAddress } from '#topology';

/** A connection as the kernel tracks it. Addresses in the form in which sockets tell them. */
export interface Tracked {
  /** The state of TCP, e.g. `ESTABLISHED`. */
  readonly state: string;
  readonly client: string;
  readonly clientPort: number;
  /** What the client asked: address and port of a virtual service. */
  readonly address: string;
  readonly port: number;
  /** The member never said anything. */
  readonly unreplied: boolean;
  readonly mark: number;
}

const line =
  /\btcp\s+6\s+(?:\d+\s+)?(?<state>[A-Z_\d]+) src=(?<client>\S+) dst=(?<address>\S+) sport=(?<clientPort>\d+) dport=(?<port>\d+)(?: packets=\d+ bytes=\d+)?(?<unreplied> \[UNREPLIED\])?.* mark=(?<mark>\d+)/u;

/** Reads a line of `conntrack -L` or `conntrack -E`; undefined for anything but a TCP connection. */
export function readTracked(text: string): Tracked | undefined {
  const found = line.exec(text)?.groups;
  if (found === undefined) return undefined;
  return {
    state: found['state'] ?? '',
    client: canonical(found['client'] ?? ''),
    clientPort: Number(found['clientPort']),
    address: canonical(found['address'] ?? ''),
    port: Number(found['port']),
    unreplied: found['unreplied'] !== undefined,
    mark: Number(found['mark']),
  };
}

function canonical(address: string): string {
  if (!address.includes(':')) return address;
  const parsed = parseAddress(address);
  return parsed === undefined ? address : formatAddress(parsed);
}

/** States in which both sides have met and at least one may still speak. */
const open: ReadonlySet<string> = new Set([
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
]);

/** True while the connection is a session. */
export function isSession({ state }: Tracked): boolean {
  return open.has(state);
}

/**
 * What the end of a connection means. `refused`: the member answered the first packet with a reset.
 * `idle`: the kernel forgot a connection in which nothing moved. Everything else is an ordinary end.
 */
export function endOf({ state, unreplied }: Tracked): 'refused' | 'idle' | 'ordinary' {
  if (state === 'CLOSE' && unreplied) return 'refused';
  return state === 'ESTABLISHED' ? 'idle' : 'ordinary';
}
