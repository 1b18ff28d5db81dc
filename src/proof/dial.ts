import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { systemErrorCode } from '#base';
import { explainDialError } from '#trust';
import type { Verdict } from './verdict.ts';

/** Milliseconds from the first packet to a finished handshake. */
export const dialPatience = 3000;

/** A probe that ended early: the verdict and what was seen. */
export class ProbeFailure extends Error {
  readonly verdict: Verdict;

  constructor(verdict: Verdict, evidence: string) {
    super(evidence);
    this.name = 'ProbeFailure';
    this.verdict = verdict;
  }
}

/**
 * Opens a TCP connection from `localAddress` (the vantage point; undefined lets the kernel choose).
 *
 * @throws ProbeFailure with what the refusal means for the row
 */
export async function dialTcp(
  address: string,
  port: number,
  localAddress: string | undefined,
): Promise<Socket> {
  const socket = connectTcp({
    host: address,
    port,
    ...(localAddress === undefined ? {} : { localAddress }),
  });
  await settled(socket, 'connect', `no answer from ${address}:${port}`);
  return socket;
}

/**
 * Opens a TLS connection; `options` carry address, identity to expect and own certificate.
 *
 * @throws ProbeFailure with what the refusal means for the row
 */
export async function dialTls(options: ConnectionOptions): Promise<Socket> {
  const socket = connectTls(options);
  const target = {
    address: options.host ?? '',
    port: options.port ?? 0,
    name: options.servername ?? options.host ?? '',
  };
  const silence = `no TLS answer from ${target.address}:${target.port}`;
  await settled(socket, 'secureConnect', silence, (error) => explainDialError(error, target));
  return socket;
}

function settled(
  socket: Socket,
  event: string,
  silence: string,
  reword: (error: Error) => Error = (error) => error,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(new ProbeFailure('dropped', silence)), dialPatience);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error instanceof ProbeFailure ? error : explain(error, reword(error).message));
    };
    socket.once('error', fail);
    socket.once('close', () =>
      fail(new ProbeFailure('closedByPeer', 'closed during the handshake')),
    );
    socket.once(event, () => {
      clearTimeout(timer);
      socket.removeAllListeners('error').removeAllListeners('close');
      // Later errors are the reader's to see; without a listener they would end the process.
      socket.on('error', () => {});
      resolve();
    });
  });
}

/** What an error of the socket says about the row. */
function explain(error: Error, wording: string): ProbeFailure {
  const code = systemErrorCode(error) ?? '';
  switch (code) {
    case 'ECONNREFUSED':
      return new ProbeFailure('noListener', 'connection refused: nobody listens there');
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EACCES':
    case 'EPERM':
      return new ProbeFailure('rejected', `rejected on the way (${code})`);
    case 'ETIMEDOUT':
      return new ProbeFailure('dropped', 'no answer (ETIMEDOUT)');
    case 'EADDRNOTAVAIL':
      return new ProbeFailure('rejected', 'the vantage point’s address is not on this machine');
    case 'ECONNRESET':
    case 'EPIPE':
      return new ProbeFailure('closedByPeer', `closed by the peer (${code})`);
    default:
      return new ProbeFailure('wrongIdentity', wording);
  }
}
