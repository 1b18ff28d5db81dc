import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';
import { messageOf, systemErrorCode, waysTo } from '#base';
import type { Hop } from '#ports';
import { clientTls, explainDialError, sourceFor, type Credentials } from '#trust';
import type { StreamLine } from './wire.ts';

/** Why an agent gave no answer. */
export interface AgentFailure {
  /**
   * `unreachable`: no connection, or not with whom the certificate should name; `refused`: it turned
   * us or the request away; `broken`: the answer began and did not end.
   */
  readonly kind: 'unreachable' | 'refused' | 'broken';
  /** English, one line. */
  readonly reason: string;
}

/** Carries an `AgentFailure` up to where outcomes are counted. */
export class AgentError extends Error {
  readonly failure: AgentFailure;

  constructor(kind: AgentFailure['kind'], reason: string, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause });
    this.name = 'AgentError';
    this.failure = { kind, reason };
  }
}

/** How long an agent may take, in milliseconds. */
export interface ClientTimeouts {
  /** TCP and TLS together. */
  readonly connect: number;
  /** Until the answer's head, and between two pieces of a stream. */
  readonly answer: number;
}

export const defaultClientTimeouts: ClientTimeouts = { connect: 5000, answer: 20_000 };

/** One request to one agent. */
export interface AgentCall {
  readonly hop: Hop;
  readonly credentials: Credentials;
  /** Where the connection comes from, one address of each family; empty: wherever the kernel likes. */
  readonly localAddresses: readonly string[];
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object | undefined;
  readonly timeouts: ClientTimeouts;
  readonly signal?: AbortSignal | undefined;
}

/** Sends a request and resolves with the head of a 200 answer; rejects with `AgentError`. */
async function send(call: AgentCall): Promise<IncomingMessage> {
  const [preferred = call.hop, other] = waysTo(call.hop);
  try {
    return await sendTo(preferred, call);
  } catch (error) {
    const unreached = error instanceof AgentError && error.failure.kind === 'unreachable';
    if (other === undefined || !unreached || call.signal?.aborted === true) throw error;
    return await sendTo(other, call);
  }
}

async function sendTo(hop: Hop, call: AgentCall): Promise<IncomingMessage> {
  const { credentials, localAddresses, timeouts, signal } = call;
  const text = call.body === undefined ? undefined : JSON.stringify(call.body);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  let secured = false;
  const request = httpsRequest({
    ...clientTls(credentials, hop, sourceFor(localAddresses, hop.address)),
    method: call.method,
    path: call.path,
    agent: false,
    ...(signal === undefined ? {} : { signal }),
    headers:
      text === undefined
        ? { host: hop.name }
        : {
            host: hop.name,
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(text),
          },
  });
  const connectTimer = setTimeout(() => {
    request.destroy(new Error(`no TLS connection within ${timeouts.connect / 1000} s`));
  }, timeouts.connect);
  request.on('socket', (socket) => {
    socket.once('secureConnect', () => {
      secured = true;
      clearTimeout(connectTimer);
      socket.setTimeout(timeouts.answer, () => {
        socket.destroy(new Error(`silent for ${timeouts.answer / 1000} s`));
      });
    });
  });
  request.on('error', (error) => {
    clearTimeout(connectTimer);
    const turnedAway = secured && systemErrorCode(error) === 'ECONNRESET';
    reject(
      turnedAway
        ? new AgentError(
            'refused',
            `closed the connection after the handshake: it does not admit ${credentials.fqdn}`,
            error,
          )
        : new AgentError('unreachable', messageOf(explainDialError(error, hop)), error),
    );
  });
  request.on('response', resolve);
  request.end(text);
  const response = await promise;
  if (response.statusCode === 200) return response;
  throw new AgentError('refused', await refusalOf(response));
}

async function refusalOf(response: IncomingMessage): Promise<string> {
  const status = `HTTP ${response.statusCode ?? 0}`;
  try {
    const { errorAnswer } = await import('./wire.ts');
    const parsed = errorAnswer.safeParse(JSON.parse(await textOf(response)));
    return parsed.success ? `${parsed.data.error.message} (${status})` : status;
  } catch {
    return status;
  }
}

/** The longest whole answer read, in bytes; streams have no such limit. */
const longestAnswer = 16 * 1024 * 1024;

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > longestAnswer) throw new AgentError('broken', 'the answer is too long');
  }
  return text;
}

/** A request with one JSON answer. Rejects with `AgentError` only. */
export async function callAgent(call: AgentCall): Promise<unknown> {
  const response = await send(call);
  try {
    return JSON.parse(await textOf(response));
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw new AgentError('broken', `the answer broke off: ${messageOf(error)}`, error);
  }
}

/** A request with a stream of lines; leaving the loop ends the request. Rejects with `AgentError` only. */
export async function* streamAgent(call: AgentCall): AsyncGenerator<StreamLine> {
  const { streamLine } = await import('./wire.ts');
  const response = await send(call);
  const lines = createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY });
  let failure: Error | undefined;
  response.on('error', (error) => {
    failure = error;
    lines.close();
  });
  try {
    for await (const line of lines) {
      const parsed = streamLine.safeParse(JSON.parse(line));
      if (!parsed.success) throw new AgentError('broken', 'a line of the answer is not understood');
      yield parsed.data;
    }
    if (failure !== undefined && call.signal?.aborted !== true) throw failure;
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw new AgentError('broken', `the answer broke off: ${messageOf(error)}`, error);
  } finally {
    lines.close();
    response.destroy();
  }
}
