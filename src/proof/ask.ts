import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { http } from '#base';
import { buildRequest, SipResponse, StreamFramer, type SipRequest } from '#sip';
import { ProbeFailure } from './dial.ts';

/** Milliseconds from question to answer. */
const patience = 3000;

/** Longest body taken, in bytes. */
const longestBody = 65_536;

/** What the far end said to an HTTP question. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** At most 64 kB. */
  readonly body: string;
}

/**
 * Asks over a connection that stands: GET, or POST when there is a JSON body to send.
 *
 * @throws ProbeFailure when no complete answer comes
 */
export function askHttp(
  socket: Socket,
  host: string,
  path: string,
  body?: string,
): Promise<HttpAnswer> {
  const method = body === undefined ? 'GET' : 'POST';
  return new Promise((resolve, reject) => {
    const asked = `${method} ${path}`;
    const failed = (verdict: 'closedByPeer' | 'wrongAnswer', evidence: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new ProbeFailure(verdict, `${asked}: ${evidence}`));
    };
    // For the whole answer: a peer that sends a byte now and then must not hold the proof up.
    const timer = setTimeout(() => failed('closedByPeer', 'no answer'), patience);
    const question = http().request({
      createConnection: () => socket,
      method,
      path,
      headers: {
        host,
        accept: 'application/json',
        connection: 'close',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
    });
    question.on('error', (error) => failed('closedByPeer', error.message));
    question.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= longestBody) chunks.push(chunk);
        else failed('wrongAnswer', `more than ${longestBody} bytes`);
      });
      response.on('error', (error) => failed('closedByPeer', error.message));
      response.on('end', () => {
        clearTimeout(timer);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    question.end(body);
  });
}

/**
 * Asks with OPTIONS (RFC 3261 section 11) and resolves with the final response.
 *
 * @param target request URI, e.g. `sip:dirpool01.contoso.net`
 * @throws ProbeFailure when the peer closes, stays silent or answers with something else than SIP
 */
export function askSip(socket: Socket, target: string, sentBy: string): Promise<SipResponse> {
  const id = randomBytes(9).toString('base64url');
  const probe = buildRequest({
    method: 'OPTIONS',
    uri: target,
    headers: [
      ['Via', `SIP/2.0/TLS ${sentBy};branch=z9hG4bK${id};rport`],
      ['Max-Forwards', '70'],
      ['From', `<sip:probe@${sentBy}>;tag=${id}`],
      ['To', `<${target}>`],
      ['Call-ID', `${id}@${sentBy}`],
      ['CSeq', '1 OPTIONS'],
      ['Accept', 'application/sdp'],
    ],
  });
  return askSipWith(socket, probe);
}

/**
 * Sends a request of the caller's making and resolves with its final response.
 *
 * @throws ProbeFailure when the peer closes, stays silent or answers with something else than SIP
 */
export function askSipWith(socket: Socket, question: SipRequest): Promise<SipResponse> {
  const { method } = question;
  const framer = new StreamFramer();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail('wrongAnswer', `${method}: no answer`), patience);
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
    };
    const fail = (verdict: 'wrongAnswer' | 'closedByPeer', evidence: string): void => {
      done();
      reject(new ProbeFailure(verdict, evidence));
    };
    socket.on('close', () => fail('closedByPeer', `${method}: closed without an answer`));
    socket.on('data', (chunk: Buffer) => {
      for (const event of framer.push(chunk)) {
        if (event.kind === 'fault') fail('wrongAnswer', `${method}: the answer is not SIP`);
        if (event.kind !== 'message' || !(event.message instanceof SipResponse)) continue;
        if (event.message.status < 200) continue;
        done();
        resolve(event.message);
      }
    });
    socket.write(question.toBytes());
  });
}

/**
 * Greets a HAProxy as a peer it has never heard of, by its own name, and resolves with the status it
 * answers (HAProxy's peers protocol 2.1: three lines, then a number).
 *
 * @throws ProbeFailure when the peer closes or stays silent
 */
export function askPeer(socket: Socket, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const end = (evidence: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      if (evidence === undefined) resolve(said.trim());
      else reject(new ProbeFailure('closedByPeer', `hello: ${evidence}`));
    };
    const timer = setTimeout(() => end('no answer'), patience);
    socket.on('close', () => end('closed without an answer'));
    socket.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('latin1')).slice(0, 16);
      if (said.includes('\n')) end(undefined);
    });
    socket.write(`HAProxyS 2.1\n${name}\nprobe.invalid 1 1\n`);
  });
}
