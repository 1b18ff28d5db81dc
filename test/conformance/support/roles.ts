import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { closeAll, startAll, systemClock } from '#base';
import type { Lifecycle } from '#base';
import { DirectorServer } from '#director';
import { EdgeServer } from '#edge';
import { FrontEndServer } from '#front-end';
import { SqliteUserDirectory, verifiersOf } from '#identity';
import { listenersOf, loadPlan } from '#ports';
import type { Listener, Plan } from '#ports';
import { findHost, findPool } from '#topology';
import type { Host, Service } from '#topology';
import { clientTls, ensurePki, loadCredentials, sourceFor } from '#trust';

/** The roles messages are sent to, each by the peer that sends it requests in a deployment. */
export const roleNames = ['edge', 'director', 'frontEnd'] as const;
export type RoleName = (typeof roleNames)[number];

/** An Edge, a Director and a Front End of the Contoso deployment, all in this process, on real sockets. */
export class Roles {
  readonly #state: string;
  readonly #parts: readonly Lifecycle[];
  readonly #vip: Server;
  readonly #directory: SqliteUserDirectory;
  readonly #dials: Readonly<Record<RoleName, ConnectionOptions>>;

  private constructor(
    state: string,
    parts: readonly Lifecycle[],
    vip: Server,
    directory: SqliteUserDirectory,
    dials: Readonly<Record<RoleName, ConnectionOptions>>,
  ) {
    this.#state = state;
    this.#parts = parts;
    this.#vip = vip;
    this.#directory = directory;
    this.#dials = dials;
  }

  static async start(): Promise<Roles> {
    const plan = contosoPlan();
    const state = await mkdtemp(join(tmpdir(), 'usher-conformance-'));
    await ensurePki(state, plan.topology, new Date());
    const directory = new SqliteUserDirectory(join(state, 'users.sqlite'), { mode: 'write' });
    const verifiers = verifiersOf('alice@contoso.com', 'Wonder-1865');
    const homePool = 'fepool01.contoso.net';
    directory.put([
      { aor: 'alice@contoso.com', displayName: 'A', homePool, enabled: true, verifiers },
    ]);
    const secret = randomBytes(32);
    const options = async (fqdn: string) => ({
      plan,
      host: hostOf(plan, fqdn),
      credentials: await loadCredentials(state, plan.topology, fqdn),
      clock: systemClock,
      secret,
      users: directory,
    });
    const director = await options('dir01.contoso.net');
    const frontEnd = await options('fe01.contoso.net');
    const edge = await options('edge01.contoso.net');
    const parts = [
      new DirectorServer(director),
      new FrontEndServer(frontEnd),
      new EdgeServer({ ...edge, rate: { burst: 1000, perSecond: 1000 } }),
    ];
    await startAll(parts);
    const atDirector = listenerOf(plan, director.host.fqdn, 'sip');
    const atFrontEnd = listenerOf(plan, frontEnd.host.fqdn, 'sip');
    const atEdge = listenerOf(plan, edge.host.fqdn, 'accessEdge');
    const vip = relay(atDirector);
    const pool = findPool(plan.topology, 'dirpool01.contoso.net');
    vip.listen(atDirector.port, pool?.vips[0]);
    await once(vip, 'listening');
    return new Roles(state, parts, vip, directory, {
      edge: {
        host: atEdge.address,
        port: atEdge.port,
        ca: edge.credentials.ca,
        servername: 'sip.contoso.com',
      },
      director: {
        ...clientTls(
          edge.credentials,
          { ...atDirector, name: director.host.fqdn },
          sourceFor(edge.host.addresses, atDirector.address),
        ),
        host: atDirector.address,
        port: atDirector.port,
      },
      frontEnd: {
        ...clientTls(
          director.credentials,
          { ...atFrontEnd, name: frontEnd.host.fqdn },
          sourceFor(director.host.addresses, atFrontEnd.address),
        ),
        host: atFrontEnd.address,
        port: atFrontEnd.port,
      },
    });
  }

  /** A connection as a remote client to the Edge, as the Edge to the Director, as that to the Front End. */
  async connect(role: RoleName): Promise<TLSSocket> {
    const socket = connectTls(this.#dials[role]);
    await once(socket, 'secureConnect');
    return socket;
  }

  /** The Request-URI by which a role is asked whether it lives. */
  uriOf(role: RoleName): string {
    const names = {
      edge: 'sip.contoso.com',
      director: 'dir01.contoso.net',
      frontEnd: 'fe01.contoso.net',
    };
    return `sip:${names[role]}`;
  }

  async close(): Promise<void> {
    await closeAll(this.#parts);
    this.#vip.close();
    this.#directory.close();
    await rm(this.#state, { recursive: true, force: true });
  }
}

function contosoPlan(): Plan {
  const text = readFileSync('examples/contoso.yaml', 'utf8');
  // Below the usual ephemeral ports, and another place in every run.
  const loaded = loadPlan(text, 'contoso.yaml', { portOffset: randomInt(4000, 15_000) });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return loaded.plan;
}

function hostOf(plan: Plan, fqdn: string): Host {
  const host = findHost(plan.topology, fqdn);
  if (host === undefined) throw new Error(`No ${fqdn} in the example`);
  return host;
}

function listenerOf(plan: Plan, fqdn: string, service: Service): Listener {
  const found = listenersOf(plan, fqdn).find((each) => each.service === service);
  if (found === undefined) throw new Error(`${fqdn} has no ${service}`);
  return found;
}

/** The balancer at its plainest: what comes to the VIP goes to the one Director. */
function relay({ address, port }: Listener): Server {
  return createServer((incoming) => {
    const outgoing = connect(port, address);
    incoming.pipe(outgoing).pipe(incoming);
    incoming.on('error', () => outgoing.destroy());
    outgoing.on('error', () => incoming.destroy());
    incoming.on('close', () => outgoing.destroy());
  });
}
