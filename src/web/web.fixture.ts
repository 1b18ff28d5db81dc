import { once } from 'node:events';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { User, UserDirectory } from '#identity';
import { listenersOf, loadPlan, type Listener, type Plan } from '#ports';
import { ensurePki, loadCredentials, poolSecret, type Credentials } from '#trust';
import { findHost, type Host, type Service } from '#topology';

/** The Contoso deployment on ports of its own, with certificates and two users; for tests. */
export interface Deployment {
  readonly plan: Plan;
  readonly secret: Buffer;
  readonly users: UserDirectory;
  host(fqdn: string): Host;
  listener(fqdn: string, service: Service): Listener;
  /** The state directory. */
  readonly state: string;
  credentials(fqdn: string): Promise<Credentials>;
  close(): Promise<void>;
}

/**
 * The ports of the last plan made here. Steps of ten keep plans of one process apart: no two ports
 * of the table differ by a multiple of ten below 4,000. The beginning differs between processes.
 */
let portOffset = 10 * randomInt(400, 1100);

/** Makes the deployment under a temporary directory; `edit` changes the topology's text first. */
export async function makeDeployment(edit = (text: string): string => text): Promise<Deployment> {
  const text = edit(readFileSync('examples/contoso.yaml', 'utf8'));
  portOffset += 10;
  const loaded = loadPlan(text, 'contoso.yaml', { portOffset });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  const { plan } = loaded;
  const state = await mkdtemp(join(tmpdir(), 'usher-web-'));
  await ensurePki(state, plan.topology, new Date());
  return {
    plan,
    secret: await poolSecret(state),
    users: directoryOf([
      user('alice@contoso.com', 'fepool01.contoso.net'),
      user('bob@contoso.com', 'fepool02.contoso.net'),
    ]),
    host(fqdn) {
      const host = findHost(plan.topology, fqdn);
      if (host === undefined) throw new Error(`no host ${fqdn}`);
      return host;
    },
    listener(fqdn, service) {
      const found = listenersOf(plan, fqdn).find((listener) => listener.service === service);
      if (found === undefined) throw new Error(`${fqdn} has no ${service}`);
      return found;
    },
    state,
    credentials: (fqdn) => loadCredentials(state, plan.topology, fqdn),
    close: () => rm(state, { recursive: true, force: true }),
  };
}

function user(aor: string, homePool: string): User {
  return { aor, displayName: aor, homePool, enabled: true };
}

/** A directory in memory. */
export function directoryOf(users: readonly User[]): UserDirectory {
  const byAor = new Map(users.map((each) => [each.aor, each]));
  return {
    find: (aor) => byAor.get(aor),
    verifier: () => undefined,
    close: () => {},
  };
}

/** What to ask, and as whom. */
export interface Ask {
  readonly address: string;
  readonly port: number;
  readonly path: string;
  /** Host field. */
  readonly host: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Present: HTTPS, checking the server for this name. */
  readonly tls?: { readonly name: string; readonly ca: string; readonly credentials?: Credentials };
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request on a connection of its own. */
export async function ask(options: Ask): Promise<Answered> {
  const { address, port, path, host, tls, method = 'GET' } = options;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const common = {
    host: address,
    port,
    path,
    method,
    agent: false as const,
    headers: { ...options.headers, host },
  };
  const request =
    tls === undefined
      ? httpRequest(common)
      : httpsRequest({
          ...common,
          servername: tls.name,
          ca: tls.ca,
          ...(tls.credentials === undefined
            ? {}
            : { key: tls.credentials.key, cert: tls.credentials.certificate }),
        });
  request.on('response', resolve);
  request.on('error', reject);
  request.end(options.body);
  const response = await promise;
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(response, 'end');
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}
