import type { X509Certificate } from 'node:crypto';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { anchorsOf } from './in-force.ts';
import type { Credentials } from './credentials.ts';
import { clientTls, judgePeer, sourceFor, type DialTarget } from './tls.ts';

/** Sessions kept; of a topology there are far fewer hops. */
const capacity = 1_000;

/** A session that may be resumed, and by which certificates its server proved itself when it began. */
interface Kept {
  readonly session: Buffer;
  readonly chain: readonly X509Certificate[];
}

/** Chains of peers whose connection was resumed, which do not show them again. */
const chains = new WeakMap<TLSSocket, readonly X509Certificate[]>();

/** The certificates the other end of a connection proved itself by, now or when its session began. */
export function chainOfPeer(socket: TLSSocket): readonly X509Certificate[] {
  const remembered = chains.get(socket);
  if (remembered !== undefined) return remembered;
  const chain: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  while (next !== undefined && chain.length < 8) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

/**
 * Connects one host to others over mutual TLS, with sessions resumed where that is as good as a full
 * handshake: the session is the hop's own, it is used once, and the certificates of then are judged anew.
 * A reload makes another dialler, which knows none of them.
 */
export class TlsDialler {
  readonly #credentials: Credentials;
  readonly #localAddresses: readonly string[];
  readonly #sessions = new Map<string, Kept>();
  /** What was offered to a hop being dialled. */
  readonly #offered = new WeakMap<DialTarget, Kept>();

  /** @param localAddresses where connections come from, one of each family there is */
  constructor(credentials: Credentials, localAddresses: readonly string[]) {
    this.#credentials = credentials;
    this.#localAddresses = localAddresses;
  }

  /** TLS options to connect to this hop; `established` has to be called when the handshake is done. */
  options(hop: DialTarget): ConnectionOptions {
    const key = keyOf(hop);
    const kept = this.#sessions.get(key);
    // Used once (RFC 8446 C.4): a server that will not have it gets a full handshake the next time.
    this.#sessions.delete(key);
    const options = clientTls(this.#credentials, hop, sourceFor(this.#localAddresses, hop.address));
    if (kept === undefined) {
      this.#offered.delete(hop);
      return options;
    }
    this.#offered.set(hop, kept);
    return { ...options, session: kept.session };
  }

  /**
   * The handshake of a connection made with `options(hop)` is done. A resumed peer is judged here, for
   * nobody did: its certificates are those of when the session began.
   *
   * @throws PeerIdentityError when it may not be talked to any more
   */
  established(socket: TLSSocket, hop: DialTarget): void {
    if (socket.isSessionReused()) {
      const chain = this.#offered.get(hop)?.chain ?? [];
      const fault = judgePeer(hop, chain, anchorsOf(this.#credentials), false, Date.now());
      if (fault !== undefined) throw fault;
      chains.set(socket, chain);
    }
    this.#offered.delete(hop);
    const keep = (session: Buffer): void =>
      this.#keep(hop, { session, chain: chainOfPeer(socket) });
    socket.on('session', keep);
    // Up to TLS 1.2 the session is there with the handshake, and no event follows.
    const session = socket.getProtocol() === 'TLSv1.2' ? socket.getSession() : undefined;
    if (session !== undefined) keep(session);
  }

  #keep(hop: DialTarget, kept: Kept): void {
    const key = keyOf(hop);
    if (this.#sessions.size >= capacity && !this.#sessions.has(key)) {
      const [oldest] = this.#sessions.keys();
      if (oldest !== undefined) this.#sessions.delete(oldest);
    }
    this.#sessions.set(key, kept);
  }
}

function keyOf({ name, address, port }: DialTarget): string {
  return `${name} ${address} ${port}`;
}
