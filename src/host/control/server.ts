import { once } from 'node:events';
import { unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { systemErrorCode, UsherError, type Dump, type Lifecycle } from '#base';
import { listenPrivately, prepareSocket } from '../private-socket.ts';
import { answerOf, readRequest, requestLimit } from './protocol.ts';
import type { ControlAnswer, ControlRequest } from './protocol.ts';

/** Clients at once; an operator needs one or two. */
const connectionLimit = 16;

/** Milliseconds a client may take for its line, and to take its answer. */
const patience = 10_000;

/**
 * Takes requests of operators on this machine: one line of JSON in, one out, then the end. Whoever may
 * enter the directory, which is the host's own account and root, may ask.
 */
export class ControlServer implements Lifecycle {
  readonly #path: string;
  readonly #answer: (request: ControlRequest) => Promise<ControlAnswer>;
  readonly #clients = new Set<Socket>();
  #server: Server | undefined;

  /** @param answer must not reject */
  constructor(path: string, answer: (request: ControlRequest) => Promise<ControlAnswer>) {
    this.#path = path;
    this.#answer = answer;
  }

  /** Opens the socket; one that a dead process left is taken away first. */
  async start(): Promise<void> {
    await prepareSocket(this.#path);
    await this.#clear();
    const server = createServer((socket) => this.#serve(socket));
    server.maxConnections = connectionLimit;
    await listenPrivately(server, this.#path);
    this.#server = server;
  }

  /** A draining host still says how it is. */
  async drain(): Promise<void> {}

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    for (const client of this.#clients) client.destroy();
    const closed = once(server, 'close');
    server.close();
    await closed;
  }

  dump(): Dump {
    return { path: this.#path, clients: this.#clients.size };
  }

  async #clear(): Promise<void> {
    if (await answers(this.#path)) {
      throw new UsherError('USHER_CONTROL_TAKEN', `another process serves ${this.#path}`, {
        remedy: 'End it, or give this host a state directory of its own (--state DIR).',
      });
    }
    try {
      await unlink(this.#path);
    } catch (error) {
      // There mostly is none; another reason shows when the socket is opened.
      if (systemErrorCode(error) !== 'ENOENT') return;
    }
  }

  #serve(socket: Socket): void {
    this.#clients.add(socket);
    socket.once('close', () => this.#clients.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(patience, () => socket.destroy());
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer): void => {
      const end = chunk.indexOf(0x0a);
      chunks.push(end === -1 ? chunk : chunk.subarray(0, end));
      size += end === -1 ? chunk.length : end;
      const tooLong = size > requestLimit;
      if (end === -1 && !tooLong) return;
      socket.off('data', take).resume();
      const line = tooLong ? '' : Buffer.concat(chunks).toString('utf8');
      void this.#reply(socket, line);
    };
    socket.on('data', take);
  }

  async #reply(socket: Socket, line: string): Promise<void> {
    let request: ControlRequest;
    try {
      request = readRequest(line);
    } catch (error) {
      const refusal = await answerOf(() => Promise.reject(error));
      socket.end(`${JSON.stringify(refusal)}\n`);
      return;
    }
    const answer = await this.#answer(request);
    if (!socket.destroyed) socket.end(`${JSON.stringify(answer)}\n`);
  }
}

/** Whether somebody accepts connections there. */
async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    // Nothing there, or nobody behind it.
    return false;
  } finally {
    socket.destroy();
  }
}
