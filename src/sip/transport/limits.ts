import { defaultLimits, serverLimits } from '../message/index.ts';
import type { Limits } from '../message/index.ts';
import { rateOf } from '../overload/rate.ts';
import type { Rate } from '../overload/rate.ts';

/** Bounds of one SipServer; each names what it defends against. */
export interface SipLimits {
  /** Size limits of a client's messages; defaults of the message layer. */
  readonly framing: Limits;
  /** The same for a trusted server: what a client may send, and what the servers on the way add. */
  readonly serverFraming: Limits;
  /** Open incoming connections of the whole server: file descriptors and memory. */
  readonly maxConnections: number;
  /** TLS handshakes not finished: memory and CPU of peers that connect and say nothing. */
  readonly maxHalfOpen: number;
  /** The same for one source address, so that one of them cannot keep all others out. */
  readonly maxHalfOpenPerSource: number;
  /** New connections of one source address within a second: handshakes are the costly part. */
  readonly newConnectionsPerSource: number;
  /** Milliseconds for a TLS handshake, incoming or dialled, TCP connect included. */
  readonly handshakeTimeout: number;
  /** Milliseconds for the first whole message or ping of a client: silent connections. */
  readonly firstMessageTimeout: number;
  /** Milliseconds from the first byte of a message to its last: slow senders. */
  readonly messageTimeout: number;
  /** Milliseconds after which a closed connection is cut even if its peer has not read the rest. */
  readonly lingerTimeout: number;
  /** Milliseconds without a byte from the peer. */
  readonly idleTimeout: number;
  /** Bytes queued towards a peer above which new requests to it are refused (503). */
  readonly congestedBytes: number;
  /** Bytes queued towards a peer above which its connection is closed. */
  readonly maxQueueBytes: number;
  /** Transactions in progress that came over one connection of a client. */
  readonly transactionsPerClient: number;
  /** The same for a trusted server, which speaks for many clients. */
  readonly transactionsPerServer: number;
  /** Requests of one client address over all its connections (IPv6: of one /64). */
  readonly sourceRate: Rate;
  /** Emergencies of trusted servers that are taken where anything else would be refused. */
  readonly emergencyRate: Rate;
  /** Requests without their final response: from half of it on new ones are refused, at it all. */
  readonly maxUnfinished: number;
  /** Seconds to name in Retry-After of a 503. */
  readonly retryAfter: number;
  /** Milliseconds a hop that failed is tried only after those that did not. */
  readonly hopFailureMemory: number;
  /** The same for a hop that takes requests and says nothing: trying it costs seconds. */
  readonly hopSilenceMemory: number;
  /** Milliseconds to wait before each further try of a branch's last hop. */
  readonly redialDelays: readonly number[];
  /** Targets one request may fork to when it carries no Max-Breadth (RFC 5393 5.3.3). */
  readonly maxBreadth: number;
}

/** The bounds used where a role names none. */
export const defaultSipLimits: SipLimits = {
  framing: defaultLimits,
  serverFraming: serverLimits,
  maxConnections: 20_000,
  maxHalfOpen: 4_000,
  maxHalfOpenPerSource: 1_000,
  newConnectionsPerSource: 1_000,
  handshakeTimeout: 5_000,
  firstMessageTimeout: 60_000,
  messageTimeout: 10_000,
  lingerTimeout: 2_000,
  idleTimeout: 3_600_000,
  congestedBytes: 1_048_576,
  maxQueueBytes: 8_388_608,
  transactionsPerClient: 256,
  transactionsPerServer: 50_000,
  sourceRate: rateOf(500),
  emergencyRate: rateOf(20),
  maxUnfinished: 100_000,
  retryAfter: 5,
  hopFailureMemory: 2_000,
  hopSilenceMemory: 10_000,
  redialDelays: [0, 100, 400],
  maxBreadth: 60,
};
