import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import type { KeyFiles } from '../load/key-files.ts';

/** A ping of RFC 5626 3.5.1, and the pong that answers it. */
const ping = '\r\n\r\n';

/** Milliseconds a handshake and its pong may take. */
const patience = 10_000;

/** Source addresses taken in turns: a server may bound the new connections of one. */
const sources = 100;

/** Makes mutual-TLS connections to one server. */
export class Dialler {
  readonly #address: string;
  readonly #port: number;
  readonly #context: SecureContext;
  #session: Buffer | undefined;
  #dialled = 0;
  /** Connections that resumed a session. */
  resumed = 0;

  constructor(place: { readonly address: string; readonly port: number }, files: KeyFiles) {
    this.#address = place.address;
    this.#port = place.port;
    this.#context = createSecureContext({
      cert: readFileSync(files.certificate),
      key: readFileSync(files.key),
      ca: readFileSync(files.ca),
    });
  }

  /**
   * Connects and resolves when a ping was answered: by then the server has judged the certificate and
   * let the connection in, which the end of a handshake of TLS 1.3 does not say.
   *
   * @param resume with the session of the connection before; the first one has none
   */
  async open(resume: boolean): Promise<TLSSocket> {
    this.#dialled += 1;
    const localAddress = `127.0.0.${1 + (this.#dialled % sources)}`;
    const ends = { host: this.#address, port: this.#port, localAddress };
    const socket = connect({
      ...ends,
      secureContext: this.#context,
      // Which name it proves is not what is measured.
      checkServerIdentity: anyName,
      session: resume ? this.#session : undefined,
    });
    if (resume) socket.on('session', (session: Buffer) => (this.#session = session));
    socket.setNoDelay(true);
    const closed = new AbortController();
    socket.once('close', () => closed.abort(new Error('closed by the server')));
    const signal = AbortSignal.any([AbortSignal.timeout(patience), closed.signal]);
    try {
      await once(socket, 'secureConnect', { signal });
      if (socket.isSessionReused()) this.resumed += 1;
      socket.write(ping);
      await once(socket, 'data', { signal });
      return socket;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }
}

/** Waits until the server takes connections; rejects with the reason it does not within ten seconds. */
export async function untilOpen(dialler: Dialler): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    try {
      const socket = await dialler.open(false);
      socket.destroy();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

/** Any certificate of the CA will do. */
function anyName(): undefined {
  // Says that nothing is wrong.
}

/** What came of a run of handshakes. */
export interface Hands {
  readonly made: number;
  /** Refused, or without a pong in time. */
  readonly failed: number;
  /** From the first begun to the last made. */
  readonly seconds: number;
}

/** Opens and closes connections for some seconds, `together` at a time. */
export async function shakeHands(
  dialler: Dialler,
  resume: boolean,
  seconds: number,
  together: number,
): Promise<Hands> {
  const begun = performance.now();
  const end = begun + seconds * 1000;
  let made = 0;
  let failed = 0;
  let last = begun;
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      try {
        const socket = await dialler.open(resume);
        socket.destroy();
        made += 1;
        last = performance.now();
      } catch {
        // Counted: a server that fails some is no faster for it.
        failed += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: together }, one));
  return { made, failed, seconds: (last - begun) / 1000 };
}

/** Share of the idle connections that may fail at first: Kamailio 5.6 breaks off some handshakes. */
const mayFail = 0.1;

/**
 * Opens this many connections, `together` at a time, which then say nothing more. One that fails is tried
 * again; rejects with the reason when a tenth of them have.
 */
export async function openIdle(
  dialler: Dialler,
  count: number,
  together: number,
): Promise<readonly TLSSocket[]> {
  const sockets: TLSSocket[] = [];
  let begun = 0;
  let failed = 0;
  const one = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      try {
        const socket = await dialler.open(false);
        socket.removeAllListeners('data');
        sockets.push(socket);
      } catch (error) {
        begun -= 1;
        failed += 1;
        if (failed > count * mayFail) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: together }, one));
  return sockets;
}
