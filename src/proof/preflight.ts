import { once } from 'node:events';
import { createServer } from 'node:net';
import { hostAndPort, systemErrorCode, UsherError, type Language } from '#base';
import { listenersOf, virtualServicesOf, type Plan } from '#ports';
import type { Host } from '#topology';
import { texts } from './messages.ts';

/** A socket of the plan that cannot be opened on this machine. */
export interface Obstacle {
  readonly reason: 'permission' | 'taken' | 'absent';
  readonly host: string;
  readonly address: string;
  readonly port: number;
  /** Row ids the socket serves. */
  readonly rows: readonly string[];
}

/**
 * Tries every socket the plan puts on these hosts: opened and closed at once, nothing is served.
 * Resolves with those that could not be opened; an error of any other kind is thrown as it came.
 */
export async function findObstacles(
  plan: Plan,
  hosts: readonly Host[],
): Promise<readonly Obstacle[]> {
  const obstacles: Obstacle[] = [];
  for (const host of hosts) {
    const virtual = virtualServicesOf(plan, host.fqdn);
    // The VIP of a pair may be at the other one.
    const floating = new Set(
      virtual.flatMap(({ standby, address }) => (standby === undefined ? [] : [address])),
    );
    for (const { address, port, flows } of [...listenersOf(plan, host.fqdn), ...virtual]) {
      const reason = await tryListen(address, port);
      if (reason === 'absent' && floating.has(address)) continue;
      if (reason !== undefined) {
        const rows = flows.map((flow) => flow.id);
        obstacles.push({ reason, host: host.fqdn, address, port, rows });
      }
    }
  }
  return obstacles;
}

async function tryListen(address: string, port: number): Promise<Obstacle['reason'] | undefined> {
  const server = createServer();
  try {
    server.listen({ host: address, port, exclusive: true });
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    switch (systemErrorCode(error)) {
      case 'EACCES':
      case 'EPERM':
        return 'permission';
      case 'EADDRINUSE':
        return 'taken';
      case 'EADDRNOTAVAIL':
        return 'absent';
      default:
        throw error;
    }
  } finally {
    server.close();
  }
}

/** One error that names every obstacle and the ways around them; exit status 2. */
export function obstacleError(
  obstacles: readonly Obstacle[],
  language: Language,
  platform: NodeJS.Platform,
): UsherError {
  const lines = obstacles.map(
    ({ reason, host, address, port, rows }) =>
      `  ${hostAndPort(address, port)} (${host}; ${rows.join(', ')}): ${texts.obstacle[reason][language]}`,
  );
  const reasons = new Set(obstacles.map((obstacle) => obstacle.reason));
  const remedies: string[] = [];
  if (reasons.has('permission')) {
    const lowest = Math.min(...obstacles.map((obstacle) => obstacle.port));
    remedies.push(texts.remedyPermission(lowest)[language]);
  }
  if (reasons.has('taken')) remedies.push(texts.remedyTaken[language]);
  if (reasons.has('absent')) {
    remedies.push((platform === 'linux' ? texts.remedyAbsent : texts.remedyNotLinux)[language]);
  }
  const [first] = reasons;
  const codes = {
    permission: 'USHER_PORT_FORBIDDEN',
    taken: 'USHER_PORT_TAKEN',
    absent: 'USHER_ADDRESS_ABSENT',
  } as const;
  return new UsherError(
    codes[first ?? 'taken'],
    `${texts.cannotOpen(obstacles.length)[language]}\n${lines.join('\n')}`,
    { remedy: remedies.join('\n') },
  );
}
