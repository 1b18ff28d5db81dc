import { readFile } from 'node:fs/promises';

/** One socket that waits for connections or datagrams, as the kernel lists it. */
export interface OpenSocket {
  readonly protocol: 'tcp' | 'udp';
  /** Canonical IPv4 or IPv6 literal; `0.0.0.0` and `::` mean every address of the machine. */
  readonly address: string;
  readonly port: number;
  /** Inode of the socket; names its owner under `/proc/<pid>/fd`. */
  readonly inode: string;
}

const tables = [
  { file: 'tcp', protocol: 'tcp' },
  { file: 'tcp6', protocol: 'tcp' },
  { file: 'udp', protocol: 'udp' },
  { file: 'udp6', protocol: 'udp' },
] as const;

/** Kernel state numbers (include/net/tcp_states.h): a TCP listener, an unconnected UDP socket. */
const waiting: Readonly<Record<'tcp' | 'udp', string>> = { tcp: '0A', udp: '07' };

/**
 * Reads every waiting socket of this network namespace from the kernel's tables.
 * Resolves with undefined where the kernel has no such tables (anything but Linux).
 */
export async function openSockets(): Promise<readonly OpenSocket[] | undefined> {
  const sockets: OpenSocket[] = [];
  for (const { file, protocol } of tables) {
    let text: string;
    try {
      text = await readFile(`/proc/self/net/${file}`, 'latin1');
    } catch {
      // IPv6 may be switched off; without the IPv4 tables there is nothing to say.
      if (file === 'tcp') return undefined;
      continue;
    }
    sockets.push(...parseSocketTable(text, protocol));
  }
  return sockets;
}

/** Reads the text of `/proc/net/tcp` and its siblings; lines it does not understand are skipped. */
export function parseSocketTable(text: string, protocol: 'tcp' | 'udp'): readonly OpenSocket[] {
  const sockets: OpenSocket[] = [];
  for (const line of text.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/u);
    const [, local, , state] = fields;
    const inode = fields[9];
    const split = local?.split(':');
    if (split?.length !== 2 || state !== waiting[protocol] || inode === undefined) continue;
    const [hexAddress = '', hexPort = ''] = split;
    sockets.push({
      protocol,
      address: addressOf(hexAddress),
      port: Number.parseInt(hexPort, 16),
      inode,
    });
  }
  return sockets;
}

/** The kernel prints addresses as 32-bit words in host byte order; every Linux Node runs on is little endian. */
function addressOf(hex: string): string {
  const bytes: number[] = [];
  for (let word = 0; word < hex.length; word += 8) {
    for (let byte = 6; byte >= 0; byte -= 2) {
      bytes.push(Number.parseInt(hex.slice(word + byte, word + byte + 2), 16));
    }
  }
  if (bytes.length === 4) return bytes.join('.');
  const mapped = bytes.slice(0, 10).every((b) => b === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (mapped) return bytes.slice(12).join('.');
  const groups: string[] = [];
  for (let index = 0; index < 16; index += 2) {
    groups.push((((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0)).toString(16));
  }
  // The URL parser shortens an IPv6 literal to its canonical form (RFC 5952).
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** True for the addresses that stand for every address of the machine. */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}
