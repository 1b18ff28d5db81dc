import type { Agent, ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { Agent as SecureAgent, request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream';
import { TLSSocket, type ConnectionOptions } from 'node:tls';
import { http, messageOf, type Clock } from '#base';
import type { Hop } from '#ports';
import { clientTls, retire, sourceFor, type Credentials, type Reloadable } from '#trust';
import { responseHeaders } from './headers.ts';
import type { ReverseProxyLimits } from './limits.ts';

/** How one attempt to have a request answered by one hop ended. */
export type Attempt =
  /** The client has the pool's answer, or as much of it as came. */
  | { readonly kind: 'answered'; readonly status: number }
  /** Nothing of the request left us: another hop may be asked, whatever the method. */
  | { readonly kind: 'unreached' }
  /** A kept connection turned out to be closed: the hop may not have read the request. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'failed' }
  /** A path or field that Node refuses to send. */
  | { readonly kind: 'unsendable' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'abandoned' };

export interface UpstreamOptions {
  /** Inside addresses of the reverse proxy, one a family; the firewall knows its traffic by them. */
  readonly localAddresses: readonly string[];
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly limits: ReverseProxyLimits;
}

/** A request as it goes to a pool. */
export interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string | string[]>;
  readonly secure: boolean;
  /** True when the client's body has to follow. */
  readonly hasBody: boolean;
}

/** The connections to the pools, kept and reused, and the streaming of one exchange over them. */
export class Upstream implements Reloadable {
  readonly #options: UpstreamOptions;
  readonly #plain: Agent = new (http().Agent)({ keepAlive: true, maxFreeSockets: 64 });
  #credentials: Credentials;
  #secure = secureAgent();
  readonly #tls = new Map<Hop, ConnectionOptions>();

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#credentials = options.credentials;
  }

  /** Connections made from now on; answers under way go on unless their pool is revoked. */
  reload(credentials: Credentials): { readonly dropped: number } {
    const old = this.#secure;
    this.#credentials = credentials;
    this.#tls.clear();
    this.#secure = secureAgent();
    return retire(old, credentials);
  }

  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  /**
   * Sends the request to one hop and streams the answer to the client, each side at the pace of
   * the other. Nothing is sent before the hop is connected and, secured, has proved its name, so
   * an attempt that ends `unreached` has no effect. Throws on a path or field Node refuses to send.
   */
  exchange(
    hop: Hop,
    outgoing: Outgoing,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<Attempt> {
    const { clock, limits } = this.#options;
    const { promise, resolve } = Promise.withResolvers<Attempt>();
    const upstream = this.#request(hop, outgoing);
    let connected = false;
    let timedOut = false;
    let answered = false;
    const cancelConnect = clock.after(limits.connectTimeout, () => upstream.destroy());
    const abandon = (): void => {
      upstream.destroy();
      resolve({ kind: 'abandoned' });
    };
    response.once('close', abandon);

    const begin = (): void => {
      cancelConnect();
      connected = true;
      if (outgoing.hasBody) incoming.pipe(upstream);
      else upstream.end();
    };
    upstream.once('socket', (socket) => {
      if (upstream.reusedSocket) begin();
      else socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', begin);
    });
    upstream.setTimeout(limits.upstreamTimeout, () => {
      timedOut = true;
      upstream.destroy();
    });
    upstream.once('response', (answer) => {
      const status = answer.statusCode ?? 0;
      try {
        // Without the pool's reason phrase: Node reads some that it does not write.
        response.writeHead(status, responseHeaders(answer.rawHeaders));
      } catch (error) {
        // A status below 100 is read as well.
        upstream.destroy(error instanceof Error ? error : new Error(messageOf(error)));
        return;
      }
      response.off('close', abandon);
      answered = true;
      pipeline(answer, response, (error) => {
        // Headers are out: all that is left is to let the client see that the answer is cut.
        if (error) upstream.destroy();
        resolve({ kind: 'answered', status });
      });
    });
    // Stays for good: a connection that breaks after the answer must not end the process.
    upstream.on('error', () => {
      incoming.unpipe(upstream);
      if (timedOut) resolve({ kind: 'timeout' });
      else if (!connected) resolve({ kind: 'unreached' });
      else resolve({ kind: upstream.reusedSocket ? 'stale' : 'failed' });
    });
    // The only end of an exchange that is none, such as a change of protocol nobody asked for.
    upstream.once('close', () => {
      if (!answered) resolve({ kind: connected ? 'failed' : 'unreached' });
    });
    return promise.finally(() => {
      cancelConnect();
      response.off('close', abandon);
    });
  }

  #request(hop: Hop, outgoing: Outgoing): ClientRequest {
    const { localAddresses, limits } = this.#options;
    const { method, path, headers } = outgoing;
    const common = { host: hop.address, port: hop.port, method, path, headers };
    const maxHeaderSize = limits.headerBytes;
    return outgoing.secure
      ? httpsRequest({
          ...this.#tlsTo(hop),
          ...common,
          maxHeaderSize,
          agent: this.#secure,
        })
      : http().request({
          ...common,
          ...sourceFor(localAddresses, hop.address),
          maxHeaderSize,
          agent: this.#plain,
        });
  }

  /** The options of a hop are the same for every request, and costly to make. */
  #tlsTo(hop: Hop): ConnectionOptions {
    const { localAddresses } = this.#options;
    const options =
      this.#tls.get(hop) ??
      clientTls(this.#credentials, hop, sourceFor(localAddresses, hop.address));
    this.#tls.set(hop, options);
    return options;
  }
}

/** No cached sessions: a resumed one would skip the look at the certificate. */
function secureAgent(): SecureAgent {
  return new SecureAgent({ keepAlive: true, maxFreeSockets: 64, maxCachedSessions: 0 });
}
