import { readFileSync } from 'node:fs';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { KeyFiles } from './key-files.ts';
import { MessageStream } from './stream.ts';

/** Headers every answer repeats (RFC 3261 8.2.6.2, 12.1.1), by long and compact name. */
const copied = new Set(['via', 'v', 'from', 'f', 'call-id', 'i', 'cseq', 'record-route']);
const to = new Set(['to', 't']);

/** A response with 200 to a request whose head stands at `start`; empty for an ACK. */
export function answerOf(text: string, start: number, end: number): string {
  if (text.startsWith('ACK ', start)) return '';
  let out = 'SIP/2.0 200 OK\r\n';
  let at = text.indexOf('\r\n', start) + 2;
  // Lines that stand together are copied together.
  let from = at;
  while (at < end - 2) {
    const next = text.indexOf('\r\n', at) + 2;
    const name = text.slice(at, text.indexOf(':', at)).trimEnd().toLowerCase();
    if (to.has(name) && !text.slice(at, next).includes('tag=')) {
      out += `${text.slice(from, next - 2)};tag=sink\r\n`;
      from = next;
    } else if (!copied.has(name) && !to.has(name)) {
      out += text.slice(from, at);
      from = next;
    }
    at = next;
  }
  return `${out}${text.slice(from, at)}Content-Length: 0\r\n\r\n`;
}

/** Answers every request on the connection: 200, at once. */
function serve(socket: TLSSocket): void {
  const stream = new MessageStream();
  let out = '';
  const answer = (text: string, start: number, end: number): void => {
    if (!text.startsWith('SIP/2.0 ', start)) out += answerOf(text, start, end);
  };
  socket.on('data', (chunk: Buffer) => {
    stream.push(chunk, answer);
    if (out === '') return;
    socket.write(out, 'latin1');
    out = '';
  });
  // A measured server that ends takes its connections with it; the next one opens its own.
  socket.on('error', () => socket.destroy());
}

/**
 * The answering end of the load: takes any SIP request over mutual TLS (the peer's certificate must
 * chain to the CA) and answers 200. Stands in the place of a Front End behind the server measured.
 */
export async function startSink(address: string, port: number, files: KeyFiles): Promise<Server> {
  const server = createServer({
    cert: readFileSync(files.certificate),
    key: readFileSync(files.key),
    ca: readFileSync(files.ca),
    requestCert: true,
    rejectUnauthorized: true,
    noDelay: true,
  });
  server.on('secureConnection', serve);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host: address, port, backlog: 1024 }, resolve);
  await promise;
  return server;
}
