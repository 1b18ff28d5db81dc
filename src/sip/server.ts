import type { ConnectionOptions, TLSSocket, TlsOptions } from 'node:tls';

import type { Clock, Dump, Lifecycle } from '#base';
import type { SipRequest, SipResponse } from './message/index.ts';
import type { Destination, Outcome, RequestContext, SipHop } from './proxy/model.ts';
import type { Connection, Peer } from './transport/connection.ts';
import type { SipLimits } from './transport/limits.ts';

/** What a listener thinks of a peer once its certificate is known. */
export type SipAdmission = Peer | { readonly kind: 'refused'; readonly message: string };

/** One socket to listen on. */
export interface SipListener {
  readonly address: string;
  /** 0 takes a free one; see `SipServer.addresses`. */
  readonly port: number;
  /** Label of the connections that arrive here; the service of the plan. */
  readonly label: string;
  readonly tls: TlsOptions;
  /** Asked once per connection, before the first byte is read. */
  readonly admit: (socket: TLSSocket) => SipAdmission;
}

/** What a role gives its SIP server. */
export interface SipServerOptions {
  /** FQDN of this host. */
  readonly name: string;
  readonly listeners: readonly SipListener[];
  /** TLS options for a connection to this hop; the server adds address, port and timeouts. */
  readonly dial: (hop: SipHop) => ConnectionOptions;
  /** Source address of dialled connections. */
  readonly localAddress?: string;
  /** `host:port` for our Via on a connection with this label. */
  readonly sentBy: (label: string) => string;
  /** Decides about every request except CANCEL and the ACK of a refusal. */
  readonly handle: (context: RequestContext) => Promise<Outcome> | Outcome;
  readonly clock: Clock;
  readonly limits?: Partial<SipLimits>;
  readonly onConnectionOpened?: (connection: Connection) => void;
  readonly onConnectionClosed?: (connection: Connection) => void;
  /** Peer of a dialled connection; absent: the trusted server the hop names. */
  readonly admitDialled?: (socket: TLSSocket, hop: SipHop) => Peer;
}

/** A SIP element over TLS: listeners, dialled connections, transactions and the proxy engine. */
export declare class SipServer implements Lifecycle {
  constructor(options: SipServerOptions);
  start(): Promise<void>;
  drain(deadline: number): Promise<void>;
  close(): Promise<void>;
  dump(): Dump;
  /** Where the listeners listen, in the order of the options; real ports, after `start`. */
  readonly addresses: readonly { readonly address: string; readonly port: number }[];
  /** The open connection with this id. */
  connection(id: string): Connection | undefined;
  /**
   * Sends a request of our own in a client transaction; our Via is added.
   *
   * Resolves with the final response; rejects with UsherError `USHER_SIP_UNREACHABLE` or
   * `USHER_SIP_TIMEOUT` (`timeout` in milliseconds).
   */
  request(
    message: SipRequest,
    destination: Destination,
    options: { readonly timeout: number },
  ): Promise<SipResponse>;
}
