import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { createServer as createSecureServer, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#base';
import { listenersOf, loadPlan, type Plan } from '#ports';
import { ensurePki, loadCredentials, serverTls, type Credentials } from '#trust';
import { findHost, type Service } from '#topology';
import type { ReverseProxyLimits } from './limits.ts';
import { ReverseProxyServer } from './server.ts';

/** The Contoso deployment on ports of its own with its reverse proxy running; for tests. */
export interface Published {
  readonly plan: Plan;
  readonly proxy: ReverseProxyServer;
  readonly ca: string;
  credentials(fqdn: string): Promise<Credentials>;
  /** A pool's site: answers on the VIP or on a member, with the certificate of `fqdn`. */
  site(address: string, service: Service, fqdn: string, serve: RequestListener): Promise<Server>;
  ask(options: ProxyAsk): Promise<ProxyAnswer>;
  close(): Promise<void>;
}

export interface ProxyAsk {
  readonly host: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
  readonly secure?: boolean;
}

export interface ProxyAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * The ports of the last plan made here. Steps of ten keep plans of one process apart: no two ports
 * of the table differ by a multiple of ten below 4,000. The beginning differs between processes.
 */
let portOffset = 10 * randomInt(400, 1100);

/** Makes the deployment under a temporary directory and starts `rp01`. */
export async function publish(limits: Partial<ReverseProxyLimits> = {}): Promise<Published> {
  const text = readFileSync('examples/contoso.yaml', 'utf8');
  portOffset += 10;
  const loaded = loadPlan(text, 'contoso.yaml', { portOffset });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  const { plan } = loaded;
  const state = await mkdtemp(join(tmpdir(), 'usher-rp-'));
  await ensurePki(state, plan.topology, new Date());
  const credentials = (fqdn: string): Promise<Credentials> =>
    loadCredentials(state, plan.topology, fqdn);
  const host = findHost(plan.topology, 'rp01.contoso.net');
  if (host === undefined) throw new Error('no reverse proxy');
  const own = await credentials(host.fqdn);
  const proxy = new ReverseProxyServer({
    plan,
    host,
    credentials: own,
    clock: systemClock,
    limits,
  });
  await proxy.start();
  const sites: Server[] = [];
  return {
    plan,
    proxy,
    ca: own.ca,
    credentials,
    async site(address, service, fqdn, serve) {
      const member = plan.listeners.find((listener) => listener.service === service);
      if (member === undefined) throw new Error(`nobody listens for ${service}`);
      const server =
        member.security === 'none'
          ? createServer(serve)
          : createSecureServer(serverTls(await credentials(fqdn), 'TLS'), serve);
      server.listen(member.port, address);
      await once(server, 'listening');
      sites.push(server);
      return server;
    },
    ask: (options) => askProxy(plan, own.ca, options),
    async close() {
      await proxy.close();
      for (const site of sites) {
        site.closeAllConnections();
        site.close();
      }
      await rm(state, { recursive: true, force: true });
    },
  };
}

async function askProxy(plan: Plan, ca: string, options: ProxyAsk): Promise<ProxyAnswer> {
  const { host, path = '/', method = 'GET', secure = true, body } = options;
  const listener = listenersOf(plan, 'rp01.contoso.net').find(
    ({ service }) => service === (secure ? 'published' : 'publishedPlain'),
  );
  if (listener === undefined) throw new Error('nothing published');
  const common = {
    host: listener.address,
    port: listener.port,
    path,
    method,
    agent: false as const,
    headers: { ...options.headers, host },
  };
  const request = secure
    ? httpsRequest({ ...common, ca, servername: 'webdirext.contoso.com' })
    : httpRequest(common);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.on('response', resolve);
  request.on('error', reject);
  request.end(body);
  const response = await promise;
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(response, 'end');
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString('latin1'),
  };
}
