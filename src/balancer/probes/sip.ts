import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { buildRequest, serverLimits, SipResponse, StreamFramer } from '#sip';
import type { ProbeTarget } from '../targets.ts';
import { dialled, type ProbeSource } from './dial.ts';
import { probe, ProbeFailure, type Prober } from './prober.ts';

/** Largest answer read; an answer to OPTIONS is a few hundred bytes. */
const answerLimit = 65_536;

/**
 * The probe of the SIP rows: mutual TLS with the member's name proven, then OPTIONS to the member
 * itself (RFC 3261 section 11), answered 200. A 503 means that the member lives and wants no new
 * connections: it drains, or has enough to do.
 */
export function sipProber(source: ProbeSource): Prober {
  return (target, signal) =>
    probe(signal, (entering) =>
      dialled(target, source, signal, entering, async (socket) => {
        entering('OPTIONS');
        const callId = `${randomBytes(12).toString('hex')}@${source.balancer}`;
        socket.write(options(target, source, callId).toBytes());
        return judged(await answerTo(callId, socket, signal));
      }),
    );
}

function options(target: ProbeTarget, source: ProbeSource, callId: string) {
  const self = `sip:${target.host}:${target.port};transport=tls`;
  return buildRequest({
    method: 'OPTIONS',
    uri: self,
    headers: [
      ['Via', `SIP/2.0/TLS ${source.balancer};branch=z9hG4bK${randomBytes(9).toString('hex')}`],
      ['Max-Forwards', '70'],
      ['From', `<sip:${source.balancer}>;tag=${randomBytes(6).toString('hex')}`],
      ['To', `<${self}>`],
      ['Call-ID', callId],
      ['CSeq', '1 OPTIONS'],
      ['User-Agent', 'Usher health probe'],
    ],
  });
}

/** The final answer to the request of this Call-ID. */
function answerTo(callId: string, socket: Socket, signal: AbortSignal): Promise<SipResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<SipResponse>();
  const framer = new StreamFramer(serverLimits, 'dialled');
  let received = 0;
  const take = (bytes: Buffer): void => {
    received += bytes.length;
    if (received > answerLimit) reject(wrong(`more than ${answerLimit} bytes and no answer`));
    for (const event of framer.push(bytes)) {
      if (event.kind === 'fault') reject(wrong(`no SIP came back: ${event.fault.message}`));
      if (event.kind !== 'message' || !(event.message instanceof SipResponse)) continue;
      const { status } = event.message;
      if (status >= 200 && event.message.header('Call-ID') === callId) resolve(event.message);
    }
  };
  const closed = (): void => reject(wrong('the member closed the connection without an answer'));
  const aborted = (): void => reject(signal.reason);
  socket.on('data', take);
  socket.once('error', reject);
  socket.once('close', closed);
  signal.addEventListener('abort', aborted);
  if (signal.aborted) aborted();
  return promise.finally(() => {
    socket.off('data', take);
    socket.off('error', reject);
    socket.off('close', closed);
    signal.removeEventListener('abort', aborted);
    socket.resume();
  });
}

function judged({ status, reason }: SipResponse): string {
  const answered = `OPTIONS answered ${status}`;
  if (status === 200) return answered;
  if (status === 503) {
    throw new ProbeFailure({
      kind: 'leaving',
      reason: `${answered} ${reason}: the member asks for no new connections`,
    });
  }
  throw wrong(`answered ${status} ${reason}, expected 200`);
}

function wrong(what: string): ProbeFailure {
  return new ProbeFailure({ kind: 'failed', cause: 'protocol', reason: `OPTIONS: ${what}` });
}
