import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { UsherError, Ways, messageOf, type Clock, type Dump, type Lifecycle } from '#base';
import { nextHops, type Hop, type Plan } from '#ports';
import { clientTls, retire, sourceFor, type Credentials, type Reloadable } from '#trust';
import type { Host } from '#topology';
import { healthPath, usersPath, type InterServerHealth, type InterServerUser } from './answer.ts';

/** Largest answer read, in bytes. */
const maximumAnswer = 64 * 1024;

export interface InterServerClientOptions {
  readonly plan: Plan;
  /** The host that asks; its certificate is presented and its address bound. */
  readonly host: Host;
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** Milliseconds from the call to the end of the answer. Default 2000. */
  readonly timeout?: number;
}

/**
 * Asks other servers' inter-server service over mutual TLS. Connections are kept and reused; each
 * peer must prove the name of the host (or pool) it was asked as.
 */
export class InterServerClient implements Lifecycle, Reloadable {
  readonly #options: InterServerClientOptions;
  #credentials: Credentials;
  readonly #ways: Ways<Hop>;
  #agent = makeAgent();
  #asked = 0;
  #failed = 0;

  constructor(options: InterServerClientOptions) {
    this.#options = options;
    this.#credentials = options.credentials;
    this.#ways = new Ways(options.clock);
  }

  /** Nothing to open: connections are made when somebody is asked. */
  async start(): Promise<void> {}

  async drain(): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    this.#agent.destroy();
  }

  reload(credentials: Credentials): { readonly dropped: number } {
    const old = this.#agent;
    this.#credentials = credentials;
    this.#agent = makeAgent();
    return retire(old, credentials);
  }

  dump(): Dump {
    return { asked: this.#asked, failed: this.#failed };
  }

  /**
   * How a server is. Rejects with `USHER_INTER_SERVER` when it cannot be reached, does not prove
   * its name or answers anything but its health.
   */
  async health(server: string): Promise<InterServerHealth> {
    const answer = await this.#get(server, healthPath);
    if (answer.status === 200 && isHealth(answer.body)) return answer.body;
    throw unexpected(server, answer.status);
  }

  /** Where a user is homed, or undefined when the server knows none of this name; rejects as `health`. */
  async findUser(server: string, aor: string): Promise<InterServerUser | undefined> {
    const answer = await this.#get(server, `${usersPath}${encodeURIComponent(aor)}`);
    if (answer.status === 404) return undefined;
    if (answer.status === 200 && isUser(answer.body)) return answer.body;
    throw unexpected(server, answer.status);
  }

  async #get(server: string, path: string): Promise<{ status: number; body: unknown }> {
    const { plan, host } = this.#options;
    this.#asked += 1;
    const hops = nextHops(plan, host.fqdn, server, 'interServer');
    let failure: unknown;
    for (const hop of hops.flatMap((each) => this.#ways.to(each))) {
      try {
        // One after the other: the next is asked only when this one failed.
        return await this.#ask(hop, path);
      } catch (error) {
        this.#ways.failed(hop);
        failure = error;
      }
    }
    this.#failed += 1;
    throw new UsherError('USHER_INTER_SERVER', `${server} did not answer: ${messageOf(failure)}`, {
      remedy: `See whether ${server} runs and whether its certificate names it.`,
      exitStatus: 1,
      cause: failure,
    });
  }

  #ask(hop: Hop, path: string): Promise<{ status: number; body: unknown }> {
    const { host, clock, timeout = 2000 } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: unknown }>();
    const request = httpsRequest({
      ...clientTls(this.#credentials, hop, sourceFor(host.addresses, hop.address)),
      host: hop.address,
      port: hop.port,
      path,
      agent: this.#agent,
      headers: { host: hop.name, accept: 'application/json' },
    });
    const cancel = clock.after(timeout, () => {
      request.destroy(new Error(`no answer within ${timeout} ms`));
    });
    request.on('response', (response) => {
      readJson(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, body }),
        reject,
      );
    });
    request.on('error', reject);
    request.end();
    return promise.finally(cancel);
  }
}

function makeAgent(): Agent {
  return new Agent({
    keepAlive: true,
    maxSockets: 8,
    maxFreeSockets: 2,
    // A resumed session would skip the look at the certificate.
    maxCachedSessions: 0,
  });
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > maximumAnswer) throw new Error('the answer is too large');
    chunks.push(bytes);
  }
  if (!(response.headers['content-type'] ?? '').startsWith('application/json')) return undefined;
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
}

function unexpected(server: string, status: number): UsherError {
  return new UsherError('USHER_INTER_SERVER', `${server} answered ${status}, not what was asked`, {
    remedy: `See the log of ${server}; do both run the same version?`,
    exitStatus: 1,
  });
}

function isHealth(body: unknown): body is InterServerHealth {
  return (
    typeof body === 'object' &&
    body !== null &&
    'host' in body &&
    typeof body.host === 'string' &&
    'pool' in body &&
    typeof body.pool === 'string' &&
    'state' in body &&
    (body.state === 'up' || body.state === 'draining') &&
    'details' in body
  );
}

function isUser(body: unknown): body is InterServerUser {
  return (
    typeof body === 'object' &&
    body !== null &&
    'homePool' in body &&
    typeof body.homePool === 'string' &&
    'backupPool' in body &&
    (body.backupPool === null || typeof body.backupPool === 'string') &&
    'enabled' in body &&
    typeof body.enabled === 'boolean'
  );
}
