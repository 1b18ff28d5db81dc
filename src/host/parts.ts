import { join } from 'node:path';
import { UsherError } from '#base';
import type { Cancel, Clock, Dump, Lifecycle, Siblings } from '#base';
import type { Plan } from '#ports';
import { partnerOf, type Host } from '#topology';
import type { Credentials, Reloadable } from '#trust';
import { Beacon, beaconPath } from './beacon.ts';
import type { ControlRequest } from './control/protocol.ts';
import { HostDrain, statusOf } from './host-drain.ts';
import { KeptFile, keptPath } from './kept-file.ts';
import type { Logger } from './log.ts';

/** What every part of a host is built from. */
export interface PartsOptions {
  readonly plan: Plan;
  readonly host: Host;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly secret: Buffer;
  readonly stateDirectory: string;
  /** Whether the host as a whole takes new work. */
  readonly state: () => 'up' | 'draining';
  /** True when other processes of the host listen on the same sockets. */
  readonly sharePorts: boolean;
  /** Those processes. */
  readonly siblings: Siblings;
}

/** What makes a host what it is. */
export interface Parts {
  /** In the order they start; they close in the reverse order. */
  readonly all: readonly Lifecycle[];
  /** Those that prove themselves with the host's certificate, or judge others by its CA. */
  readonly trusting: readonly Reloadable[];
  /** The part whose dump is the host's status. */
  readonly role: Lifecycle;
  /** Names of the role's deciders in the order they are asked; empty for roles without a chain. */
  readonly chain: readonly string[];
  /** Does what an operator asks of the host; rejects with the reason when it cannot. */
  readonly control: (request: ControlRequest) => Promise<Dump>;
  /** Writes what only this role publishes into the log; returns the way to stop. */
  readonly observe: (log: Logger) => () => void;
}

/** Of a host that can only be asked how it is: nothing spreads its work to others. */
function undrainable({ fqdn }: Host, status: () => Dump): Parts['control'] {
  return async ({ verb }) => {
    if (verb === 'status') return status();
    throw new UsherError('USHER_NOT_DRAINABLE', `${fqdn} is neither Director nor Front End`, {
      remedy: 'Stop it: it ends what it has begun. Members of a pool can be drained.',
    });
  };
}

const silent = (): (() => void) => () => {};

/**
 * Builds what the topology puts on a host: its role, its web sites, what these ask others with.
 * Only the code of that role is loaded: eight hosts on one machine start much sooner for it.
 */
export async function partsOf(options: PartsOptions): Promise<Parts> {
  switch (options.host.role) {
    case 'trustedPeer':
      throw new UsherError('USHER_OTHER_SOFTWARE', `${options.host.fqdn} is of another make`, {
        remedy: 'Start it with its own software.',
      });
    case 'director':
      return director(options);
    case 'frontEnd':
      return frontEnd(options);
    case 'edge': {
      const { EdgeServer } = await import('#edge');
      const role = new EdgeServer(options);
      const control = undrainable(options.host, () => statusOf(options.host, role, undefined));
      return { all: [role], trusting: [role], role, chain: [], control, observe: silent };
    }
    case 'reverseProxy': {
      const { ReverseProxyServer, proxyFaults } = await import('#reverse-proxy');
      const role = new ReverseProxyServer(options);
      const observe = (log: Logger): (() => void) =>
        proxyFaults.subscribe(({ error }) => log.error({ error }, 'reverse proxy fault'));
      const control = undrainable(options.host, () => role.dump());
      return { all: [role], trusting: [role], role, chain: [], control, observe };
    }
    case 'balancer':
      return balancer(options);
  }
}

async function balancer(options: PartsOptions): Promise<Parts> {
  const { BalancerServer, healthChanges, readRecord, vipMoves } = await import('#balancer');
  const file = new KeptFile(keptPath(options.stateDirectory, options.host.fqdn));
  const kept = await file.read();
  const record = kept === undefined ? undefined : readRecord(kept);
  if (typeof record === 'string') throw file.damaged(record);
  const role = new BalancerServer({
    ...options,
    directory: join(options.stateDirectory, 'run', `${options.host.fqdn}.engine`),
    memory: { record, save: (present) => file.save(present) },
  });
  const observe = (log: Logger): (() => void) => {
    const stops = [
      healthChanges.subscribe((change) => {
        const level = change.to === 'down' ? 'warn' : 'info';
        log[level]({ ...change }, 'health changed');
      }),
      vipMoves.subscribe((move) => log.warn({ ...move }, 'the VIP moved')),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  };
  const control = async (request: ControlRequest): Promise<Dump> => {
    if (request.verb === 'drain') await role.beginDrain(request.member ?? '', request);
    if (request.verb === 'resume') await role.resume(request.member ?? '');
    return role.status();
  };
  // Whoever moves the VIP of a pair looks at it; a balancer by itself has nobody who does.
  const paired = partnerOf(options.plan.topology, options.host) !== undefined;
  const path = beaconPath(options.stateDirectory, options.host.fqdn);
  const beacons = paired ? [new Beacon(path, options.clock, () => role.ready())] : [];
  return { all: [role, ...beacons], trusting: [role], role, chain: [], control, observe };
}

/** The drain of a member of a pool, as it was kept. */
function drainOf({ stateDirectory, host, clock }: PartsOptions): Promise<HostDrain> {
  return HostDrain.open(keptPath(stateDirectory, host.fqdn), clock);
}

async function director(options: PartsOptions): Promise<Parts> {
  const { DirectorServer } = await import('#director');
  const { InterServerClient, WebServer, webFaults } = await import('#web');
  const { users, part } = await usersOf(options);
  const client = new InterServerClient(options);
  const probe = {
    probe: async (member: Host) => (await client.health(member.fqdn)).state === 'up',
  };
  const role = new DirectorServer({ ...options, users, probe });
  const drain = await drainOf(options);
  role.refuseNew(drain.active);
  const state = (): 'up' | 'draining' => (drain.active ? 'draining' : options.state());
  const web = new WebServer({ ...options, users, state });
  const control: Parts['control'] = (request) => drain.control(request, options.host, role);
  const observe = (log: Logger): (() => void) =>
    webFaults.subscribe(({ listener: { service }, error }) =>
      log.error({ service, error }, 'web fault'),
    );
  const trusting = [client, role, web];
  const all = [part, ...trusting];
  return { all, trusting, role, chain: role.chain, control, observe };
}

async function frontEnd(options: PartsOptions): Promise<Parts> {
  const { FrontEndServer } = await import('#front-end');
  const { WebServer, webFaults } = await import('#web');
  const { users, part } = await usersOf(options);
  const role = new FrontEndServer({ ...options, users });
  const drain = await drainOf(options);
  role.refuseNew(drain.active);
  const state = (): 'up' | 'draining' => (drain.active ? 'draining' : options.state());
  const details = (): { bindings: number } => ({ bindings: role.bindings });
  const web = new WebServer({ ...options, users, state, details });
  const control: Parts['control'] = (request) => drain.control(request, options.host, role);
  const observe = (log: Logger): (() => void) =>
    webFaults.subscribe(({ listener: { service }, error }) =>
      log.error({ service, error }, 'web fault'),
    );
  const trusting = [role, web];
  const all = [part, ...trusting];
  return { all, trusting, role, chain: role.chain, control, observe };
}

/** The embedded user store every host on this machine reads. */
export function usersFile(stateDirectory: string): string {
  return join(stateDirectory, 'users.db');
}

/** Users read at a time, and milliseconds between: a hundred thousand are in memory within seconds. */
const warmUpPage = 250;
const warmUpPause = 10;
/** Milliseconds until a change of the store is looked for. */
const warmUpRest = 1_000;

/** The user directory as a part of the host: open from its construction on, read ahead while it runs. */
async function usersOf({ stateDirectory, clock }: PartsOptions) {
  const { SqliteUserDirectory } = await import('#identity');
  const users = new SqliteUserDirectory(usersFile(stateDirectory), { staleness: 50 });
  let stop: Cancel | undefined;
  const warmUp = (): void => {
    stop = clock.after(users.warmUp(warmUpPage) ? warmUpPause : warmUpRest, warmUp);
  };
  const part: Lifecycle = {
    async start() {
      warmUp();
    },
    async drain() {},
    async close() {
      stop?.();
      users.close();
    },
    dump: (): Dump => ({}),
  };
  return { users, part };
}
