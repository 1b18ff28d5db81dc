import { channel } from '#base';
import type { SipMessage } from './message/index.ts';
import type { Endpoint, Peer } from './transport/connection.ts';

/** A message as it came in or went out. */
export interface MessageSeen {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly direction: 'in' | 'out';
  /** `address:port` of this side. */
  readonly local: string;
  /** `address:port` of the peer. */
  readonly remote: string;
  readonly peer: Peer;
  /** Label of the connection. */
  readonly label: string;
  readonly message: SipMessage;
}

/** Every SIP message of the process. Guard with `active`: unheard messages are never described. */
export const messageSeen = channel<MessageSeen>('usher:sip:message');

/** What happened to a connection. */
export interface ConnectionEvent {
  readonly at: number;
  readonly kind:
    /** TLS is up and the peer was admitted. */
    | 'opened'
    | 'closed'
    /** Turned away before a byte was parsed: limits, or `admit` said no. */
    | 'refused'
    /** TLS or TCP did not come up, incoming or dialled; or a dialled peer fell `silent`. */
    | 'failed';
  /** Absent for connections that never opened. */
  readonly id?: string;
  readonly label: string;
  readonly local: Endpoint | undefined;
  readonly remote: Endpoint | undefined;
  readonly peer?: Peer;
  /** Stable code, e.g. `idle`, `half-open-limit`, `silent`, `ECONNREFUSED`; English. */
  readonly code: string;
  /** For people; English, no secrets. */
  readonly message: string;
}

/** Connections opened, closed, refused and failed. */
export const connectionEvents = channel<ConnectionEvent>('usher:sip:connection');

/** Something the SIP core could not do, or refused to do. */
export interface SipFaultEvent {
  readonly at: number;
  /** Stable code, e.g. `decider-threw`, `frame`, `stray-response`, `no-way-back`. */
  readonly code: string;
  readonly message: string;
  /** Connection id, when there is one. */
  readonly connection?: string;
  readonly remote?: string;
  readonly callId?: string;
  readonly cause?: unknown;
}

/** Faults of peers and of deciders; never thrown, never silent. */
export const faults = channel<SipFaultEvent>('usher:sip:fault');
