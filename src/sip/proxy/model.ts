import type { HeaderEdit, SipRequest, SipResponse } from '../message/index.ts';
import type { Connection, Peer } from '../transport/connection.ts';

/** What a decider looks at. Roles extend it with what their own deciders find out. */
export interface RequestContext {
  readonly request: SipRequest;
  readonly connection: Connection;
  /** The peer of `connection`. */
  readonly peer: Peer;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /**
   * What the branch of our own Via would begin with if we had forwarded this request before; absent when
   * no Via of ours is on it at all.
   */
  readonly loopMark?: string;
}

/** Header fields to add to a response, as name and value. */
export type ResponseHeaders = readonly (readonly [name: string, value: string])[];

/** What a decider decides. */
export type Outcome =
  /** The next decider is asked. */
  | { readonly kind: 'continue' }
  /** Final answer; ignored for ACK. */
  | {
      readonly kind: 'respond';
      /** 200 to 699. */
      readonly status: number;
      readonly reason?: string;
      readonly headers?: ResponseHeaders;
      readonly body?: Uint8Array | string;
    }
  | { readonly kind: 'forward'; readonly plan: ForwardPlan }
  /** No answer at all; `reason` goes to the fault channel. */
  | { readonly kind: 'drop'; readonly reason: string };

/** One small decision; a promise lets it wait for a database or another host. */
export interface NamedDecider<C extends RequestContext = RequestContext> {
  readonly name: string;
  readonly decide: (context: C) => Outcome | Promise<Outcome>;
}

/** Where a request goes, and what to do with it on the way (RFC 3261 16.5 and 16.6). */
export interface ForwardPlan {
  /** Groups one after the other; the targets of a group in parallel. Must hold a target. */
  readonly groups: readonly (readonly Target[])[];
  /** For all targets, before the target's own. */
  readonly edits?: readonly HeaderEdit[];
  /** The answer when no hop of any target could be reached; 504 when absent. */
  readonly unreachable?: OwnAnswer;
  /**
   * Asked when every target has refused: what to answer in place of the best refusal, which is
   * handed in as its peer sent it; undefined lets it pass.
   */
  readonly instead?: (best: SipResponse) => OwnAnswer | undefined;
  /** Edits of every response that goes back, 1xx included; our Via is already gone. */
  readonly onResponse?: (response: SipResponse) => readonly HeaderEdit[];
}

/** An answer made here. */
export interface OwnAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers?: ResponseHeaders;
}

/** One branch of a forward. */
export interface Target {
  /** Request-URI of this branch; absent: as received. */
  readonly requestUri?: string;
  readonly edits?: readonly HeaderEdit[];
  readonly via: Destination;
  /**
   * Told the final response of this target, at most once, whether it goes back to the caller or loses
   * against that of another target; never told when the target gave none.
   */
  readonly onFinal?: (response: SipResponse) => void;
}

/** The next element of the path. */
export type Destination =
  /** An open connection, e.g. the flow of a registered client; closed means unreachable. */
  | { readonly kind: 'connection'; readonly id: string }
  /** Tried in order on connect or transport failure, on 503 and on timeout. */
  | { readonly kind: 'hops'; readonly hops: readonly SipHop[] };

/** Where to connect, and whom the certificate there must name. */
export interface SipHop {
  readonly address: string;
  readonly port: number;
  /** FQDN of the host, or of the pool when the address is its VIP. */
  readonly name: string;
  /**
   * Requests of different lanes never share a connection to this hop, so that several members
   * behind one VIP take part; absent: one connection for all.
   */
  readonly lane?: number;
  /** The same place by the other address family, for when this one does not connect. */
  readonly otherwise?: SipHop;
}
