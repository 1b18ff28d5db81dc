import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { UsherError } from '#base';
import type { EngineService } from '../engine.ts';
import { listenError } from './frontend.ts';

/**
 * Makes sure that a VIP is an address of this machine, by opening any port of it for a moment; one that
 * moves between two machines need not be here.
 *
 * @throws UsherError `USHER_VIP_NOT_LOCAL`
 */
export async function needLocal(service: EngineService): Promise<void> {
  if (service.floating) return;
  const server = createServer();
  try {
    server.listen({ host: service.address, port: 0 });
    await once(server, 'listening');
  } catch (error) {
    throw listenError(service, error);
  } finally {
    server.close();
  }
}

const switches = {
  ipv4: { file: '/proc/sys/net/ipv4/ip_forward', name: 'net.ipv4.ip_forward' },
  ipv6: { file: '/proc/sys/net/ipv6/conf/all/forwarding', name: 'net.ipv6.conf.all.forwarding' },
} as const;

/**
 * Makes sure that the kernel forwards packets to members on other machines.
 *
 * @throws UsherError `USHER_FORWARDING`
 */
export async function needForwarding(services: readonly EngineService[]): Promise<void> {
  const own = new Set(
    Object.values(networkInterfaces()).flatMap((list) =>
      (list ?? []).map(({ address }) => address),
    ),
  );
  const addresses = services.flatMap(({ members }) => members.map(({ address }) => address));
  for (const [family, { file, name }] of Object.entries(switches)) {
    const elsewhere = addresses.find(
      (address) =>
        address.includes(':') === (family === 'ipv6') &&
        !address.startsWith('127.') &&
        !own.has(address),
    );
    if (elsewhere === undefined) continue;
    if ((await readFile(file, 'utf8')).trim() !== '0') continue;
    throw new UsherError(
      'USHER_FORWARDING',
      `This machine forwards no packets, so none would reach ${elsewhere}.`,
      { remedy: `Switch it on: sysctl -w ${name}=1, and in /etc/sysctl.d for the next start.` },
    );
  }
}

/** Descriptors beyond those of connections: listeners, probes, sockets for commands. */
const spareDescriptors = 500;

/** How many connections with two descriptors each a program of this account may have, at most `wanted`. */
export async function affordableConnections(wanted: number): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const hard = /^Max open files\s+\d+\s+(\d+)/mu.exec(limits)?.[1];
  // `unlimited`, or a system that does not say.
  if (hard === undefined) return wanted;
  return Math.max(100, Math.min(wanted, Math.floor((Number(hard) - spareDescriptors) / 2)));
}
