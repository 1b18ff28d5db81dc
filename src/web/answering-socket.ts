import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '#base';
import { webFaults, webRequests } from './channels.ts';
import { HttpSocket, type HttpSocketOptions } from './http-socket.ts';
import { defaultLimits, type WebLimits } from './limits.ts';
import { textReply, type Reply } from './reply.ts';
import { isReply, readRequest, type WebRequest } from './request.ts';

/** What one HTTP socket of a host answers, and how. */
export interface AnsweringSocketOptions extends Pick<
  HttpSocketOptions,
  'listener' | 'clock' | 'tls' | 'admit' | 'sharePorts'
> {
  readonly answer: (request: WebRequest) => Promise<Reply>;
  readonly limits?: Partial<WebLimits>;
}

/** A socket whose requests are answered whole, by a `Reply`; every answer goes through here. */
export function answeringSocket(options: AnsweringSocketOptions): HttpSocket {
  const { listener } = options;
  const limits = { ...defaultLimits, ...options.limits };
  return new HttpSocket({
    ...options,
    limits,
    serve: (message, response) => serve(options, limits.bodyBytes, message, response),
    fault: (error) => webFaults.publish({ listener, error }),
  });
}

async function serve(
  options: AnsweringSocketOptions,
  bodyBytes: number,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { clock, listener, answer } = options;
  const began = clock.now();
  const tooLarge = swallowBody(bodyBytes, message, response);
  const request = readRequest(message);
  let reply: Reply;
  try {
    reply = tooLarge ?? (isReply(request) ? request : await answer(request));
  } catch (error) {
    webFaults.publish({ listener, error: messageOf(error) });
    reply = textReply(500, 'The server failed to answer.');
  }
  send(reply, options.tls !== undefined, message, response);
  if (!webRequests.active) return;
  webRequests.publish({
    at: began,
    listener,
    remote: `${message.socket.remoteAddress ?? ''}:${message.socket.remotePort ?? ''}`,
    method: message.method ?? '',
    // The query may name a user; the path does not.
    path: isReply(request) ? '' : request.path,
    status: reply.status,
    milliseconds: clock.now() - began,
  });
}

/** No resource takes a body: it is read up to the limit and thrown away. */
function swallowBody(
  limit: number,
  message: IncomingMessage,
  response: ServerResponse,
): Reply | undefined {
  if (Number(message.headers['content-length'] ?? 0) > limit) {
    response.shouldKeepAlive = false;
    response.once('finish', () => message.destroy());
    return textReply(413, 'The body is too large.');
  }
  let seen = 0;
  message.on('data', (chunk: Buffer) => {
    seen += chunk.length;
    if (seen > limit) message.destroy();
  });
  // The offender's connection is gone; there is nobody left to tell.
  message.on('error', () => {});
  return undefined;
}

function send(
  reply: Reply,
  secure: boolean,
  message: IncomingMessage,
  response: ServerResponse,
): void {
  // A client that left, or that broke a limit meanwhile, gets nothing.
  if (response.destroyed || message.socket.destroyed) return;
  response.writeHead(reply.status, {
    ...securityHeaders(secure),
    ...reply.headers,
    'content-length': Buffer.byteLength(reply.body),
  });
  response.end(reply.body);
}

/**
 * Headers of every answer: nothing is cached (answers depend on who asks from where), nothing may
 * be framed, sniffed or scripted, and once seen over TLS a name stays on TLS for a day.
 */
function securityHeaders(secure: boolean): Record<string, string> {
  return {
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(secure ? { 'strict-transport-security': 'max-age=86400' } : {}),
  };
}
