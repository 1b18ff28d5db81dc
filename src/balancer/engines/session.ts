import { connect, type Socket } from 'node:net';
import { type Cancel, type Clock, systemErrorCode } from '#base';
import { addressFor } from '#topology';
import { type EngineLimits, keepAliveDelay } from '../constants.ts';
import type { EngineMember } from '../engine.ts';
import { isOwnFailure } from '../policy/cause.ts';
import { resetConnection } from '../reset.ts';

/** How a session ended; `left` is the ordinary way. */
export type SessionEnd = 'left' | 'idle' | 'silent' | 'noMember' | 'exhausted' | 'cut';

/** What a session asks of the engine that owns it. */
export interface SessionOwner {
  readonly clock: Clock;
  readonly limits: EngineLimits;
  readonly localAddresses: readonly string[];
  /** Milliseconds without traffic after which the session ends. */
  readonly idleTimeout: number;
  /** The member to try next, counted as its connection from now on; undefined when none is left. */
  choose(refusedBy: ReadonlySet<string>): EngineMember | undefined;
  /** The member did not accept; its connection is no longer counted. */
  refused(member: EngineMember, error: Error): void;
  /** The balancer could not even try (no source port, no descriptor); as `refused` otherwise. */
  unable(member: EngineMember, error: Error): void;
  /** The member ended an accepted connection with a reset: not proof of death, worth a look. */
  resetBy(member: EngineMember): void;
  /** The member has accepted. */
  joined(member: EngineMember): void;
  moved(direction: 'toMember' | 'toClient', bytes: number): void;
  ended(how: SessionEnd, member: EngineMember | undefined): void;
}

/**
 * One client connection and the member connection it is spliced to. Bytes are passed on unseen.
 *
 * The member is dialled when the client's first byte arrives, not before: every service of the
 * table speaks client first, so silent connections cost the members nothing. That byte waits here
 * until a member has accepted; a member that refuses is followed by the next one, and nothing is lost.
 */
export class Session {
  readonly #client: Socket;
  readonly #owner: SessionOwner;
  readonly #refusedBy = new Set<string>();
  #upstream: Socket | undefined;
  #member: EngineMember | undefined;
  #first: Buffer | undefined;
  #cancelConnect: Cancel | undefined;
  #finished = 0;
  #done = false;

  constructor(client: Socket, owner: SessionOwner) {
    this.#client = client;
    this.#owner = owner;
    client.setTimeout(owner.limits.firstByte);
    client.once('timeout', this.#onSilence);
    client.once('data', (bytes: Buffer) => {
      client.pause();
      client.off('timeout', this.#onSilence);
      client.setTimeout(0);
      this.#first = bytes;
      this.#dial();
    });
    // A client that leaves before its first byte is nobody's loss.
    client.once('end', () => {
      if (this.#first === undefined && this.#upstream === undefined) this.#end('left');
    });
    client.on('error', () => this.#end('left'));
    client.once('close', () => this.#closed());
  }

  /** FQDN of the member that holds, or is to hold, the session; undefined before the first byte. */
  get host(): string | undefined {
    return this.#member?.host;
  }

  /** Resets both sides, so that the client notices at once. */
  cut(): void {
    this.#end('cut');
  }

  readonly #onSilence = (): void => this.#end('silent');

  #dial(): void {
    const member = this.#owner.choose(this.#refusedBy);
    this.#member = member;
    if (member === undefined) {
      this.#end('noMember');
      return;
    }
    const localAddress = addressFor(this.#owner.localAddresses, member.address);
    const upstream = connect({
      host: member.address,
      port: member.port,
      ...(localAddress === undefined ? {} : { localAddress }),
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveDelay,
    });
    this.#upstream = upstream;
    const failed = (error: Error): void => this.#refused(member, upstream, error);
    this.#cancelConnect = this.#owner.clock.after(this.#owner.limits.connect, () => {
      failed(
        Object.assign(new Error(`no connection within ${this.#owner.limits.connect} ms`), {
          code: 'ETIMEDOUT',
        }),
      );
    });
    upstream.once('error', failed);
    upstream.once('connect', () => {
      upstream.off('error', failed);
      this.#cancelConnect?.();
      this.#join(upstream, member);
    });
  }

  #refused(member: EngineMember, upstream: Socket, error: Error): void {
    this.#cancelConnect?.();
    if (this.#done || this.#upstream !== upstream) return;
    this.#upstream = undefined;
    this.#member = undefined;
    upstream.on('error', ignore);
    upstream.destroy();
    this.#refusedBy.add(member.host);
    if (isOwnFailure(systemErrorCode(error))) {
      this.#owner.unable(member, error);
      this.#end('exhausted');
      return;
    }
    this.#owner.refused(member, error);
    this.#dial();
  }

  #join(upstream: Socket, member: EngineMember): void {
    const client = this.#client;
    this.#owner.joined(member);
    upstream.on('error', (error) => {
      if (systemErrorCode(error) === 'ECONNRESET') this.#owner.resetBy(member);
      this.#end('left');
    });
    upstream.once('close', () => this.#closed());
    // The client's timer sees both directions: what it sends, and what is written to it.
    client.setTimeout(this.#owner.idleTimeout);
    client.on('timeout', () => this.#end('idle'));
    this.#pass(client, upstream, 'toMember');
    this.#pass(upstream, client, 'toClient');
    const first = this.#first;
    this.#first = undefined;
    if (first === undefined || this.#send(upstream, first, 'toMember')) client.resume();
  }

  #pass(from: Socket, to: Socket, direction: 'toMember' | 'toClient'): void {
    from.on('data', (bytes: Buffer) => {
      // A full receiver stops the sender; what waits here is bounded by the two sockets' buffers.
      if (!this.#send(to, bytes, direction)) from.pause();
    });
    to.on('drain', () => from.resume());
    from.once('end', () => {
      to.end();
      const { halfClosed } = this.#owner.limits;
      this.#client.setTimeout(Math.min(halfClosed, this.#owner.idleTimeout));
    });
  }

  #send(to: Socket, bytes: Buffer, direction: 'toMember' | 'toClient'): boolean {
    this.#owner.moved(direction, bytes.length);
    return to.write(bytes);
  }

  /** One socket is gone; a session whose both sides said goodbye ends when the second is. */
  #closed(): void {
    this.#finished += 1;
    const upstream = this.#upstream;
    const orderly = this.#client.readableEnded && upstream !== undefined && upstream.readableEnded;
    if (this.#finished === 2 || !orderly) this.#end('left');
  }

  #end(how: SessionEnd): void {
    if (this.#done) return;
    this.#done = true;
    this.#cancelConnect?.();
    this.#first = undefined;
    resetConnection(this.#client);
    const upstream = this.#upstream;
    if (upstream !== undefined) resetConnection(upstream);
    this.#owner.ended(how, this.#member);
  }
}

/** The connection is being given up already; how it fails no longer matters to anybody. */
function ignore(): void {}
