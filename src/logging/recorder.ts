import type { Cancel, Clock, Channel, Dump } from '#base';
import { messageOf } from '#base';
import {
  connectionEvents,
  faults,
  formatEndpoint,
  messageSeen,
  type ConnectionEvent,
  type MessageSeen,
  type SipFaultEvent,
} from '#sip';
import { refusals } from '#trust';
import { includesLevel, type Level } from './level.ts';
import { hostPart, type Observation } from './record.ts';
import type { RecordingPolicy } from './policy.ts';

/** A peer turned away before a byte of its protocol was read. */
export interface RefusalEvent {
  readonly listener: { readonly address: string; readonly port: number; readonly service: string };
  readonly remote: string;
  readonly admission: { readonly code: string; readonly message: string };
}

/** Where observations come from; tests bring their own. */
export interface RecorderSources {
  readonly messages: Pick<Channel<MessageSeen>, 'subscribe'>;
  readonly connections: Pick<Channel<ConnectionEvent>, 'subscribe'>;
  readonly faults: Pick<Channel<SipFaultEvent>, 'subscribe'>;
  readonly refusals: Pick<Channel<RefusalEvent>, 'subscribe'>;
}

const processWide: RecorderSources = {
  messages: messageSeen,
  connections: connectionEvents,
  faults,
  refusals,
};

/** What overload may cost. */
export interface RecorderLimits {
  /** Records waiting in memory; more are dropped and counted. */
  readonly queue: number;
  /** Bytes of heads and bodies waiting in memory. */
  readonly queueBytes: number;
  /**
   * Records handed to the store per second at most. Recording one costs about 15 µs on another core;
   * this bounds what recording may take from SIP. Above it the queue fills and then drops.
   */
  readonly perSecond: number;
  /** Longest body kept, in bytes; longer ones are cut. */
  readonly body: number;
}

export const defaultRecorderLimits: RecorderLimits = {
  queue: 20_000,
  queueBytes: 32 * 1024 * 1024,
  perSecond: 10_000,
  body: 64 * 1024,
};

/** Milliseconds between two batches. */
const batchInterval = 100;

/** What recording has done so far. */
export interface RecorderStatus {
  readonly recorded: number;
  /** Not kept because the queue was full. */
  readonly dropped: number;
  /** Not kept because the store failed. */
  readonly lost: number;
  readonly queued: number;
  /** Why the store failed last, or null. */
  readonly lastFailure: string | null;
}

/**
 * Hears what the SIP core and the trust checks publish in this process and hands it to the store in
 * batches. On the hot path it only keeps references; parsing and masking happen in the store's thread.
 */
export class Recorder {
  readonly #clock: Clock;
  readonly #limits: RecorderLimits;
  readonly #append: (seen: readonly Observation[], policy: RecordingPolicy) => Promise<void>;
  readonly #policyNow: () => RecordingPolicy | null;
  readonly #sources: RecorderSources;
  readonly #unsubscribe: (() => void)[] = [];
  #policy: RecordingPolicy | null = null;
  #queue: Observation[] = [];
  #queuedBytes = 0;
  #sequence = 0;
  #batch: Promise<void> | undefined;
  #timer: Cancel | undefined;
  #recorded = 0;
  #dropped = 0;
  #lost = 0;
  #lastFailure: string | null = null;

  constructor(options: {
    readonly clock: Clock;
    /** Takes a batch; resolves when it is stored. */
    readonly append: (seen: readonly Observation[], policy: RecordingPolicy) => Promise<void>;
    /** What the running scenarios ask for; asked before every batch. */
    readonly policy: () => RecordingPolicy | null;
    readonly limits?: Partial<RecorderLimits>;
    readonly sources?: RecorderSources;
  }) {
    this.#clock = options.clock;
    this.#append = options.append;
    this.#policyNow = options.policy;
    this.#limits = { ...defaultRecorderLimits, ...options.limits };
    this.#sources = options.sources ?? processWide;
  }

  /** Begins to listen. */
  start(): void {
    this.#policy = this.#policyNow();
    this.#unsubscribe.push(
      this.#sources.messages.subscribe((event) => this.#onMessage(event)),
      this.#sources.connections.subscribe((event) => this.#onConnection(event)),
      this.#sources.faults.subscribe((event) => this.#onFault(event)),
      this.#sources.refusals.subscribe((event) => this.#onRefusal(event)),
    );
  }

  /** Takes the scenarios as they are now; a change is otherwise seen with the next batch. */
  applyPolicy(): void {
    this.#policy = this.#policyNow();
  }

  /** Resolves when everything heard so far is in the store, or counted as lost. */
  async flush(): Promise<void> {
    const heard = this.#sequence;
    // One batch after the other, in order; what is heard meanwhile is left to the next ones.
    while ((this.#queue[0]?.sequence ?? heard) < heard) {
      await (this.#batch ?? this.#store(this.#queue.length));
    }
    await this.#batch;
  }

  /** Stops listening and stores what is left; idempotent. */
  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#timer?.();
    this.#timer = undefined;
    await this.flush();
  }

  status(): RecorderStatus {
    return {
      recorded: this.#recorded,
      dropped: this.#dropped,
      lost: this.#lost,
      queued: this.#queue.length,
      lastFailure: this.#lastFailure,
    };
  }

  dump(): Dump {
    return { ...this.status() };
  }

  #onMessage(event: MessageSeen): void {
    const policy = this.#policy;
    if (policy === null || !includesLevel(policy.level, 'Info')) {
      this.#arm();
      return;
    }
    const { head, body } = event.message;
    this.#push({
      kind: 'message',
      level: 'Info',
      at: event.at,
      sequence: this.#sequence,
      direction: event.direction,
      local: event.local,
      remote: event.remote,
      peer: event.peer.kind === 'server' ? event.peer.fqdn : 'client',
      label: event.label,
      head,
      bodyLength: body.length,
      // A copy: the body is a view of a socket's buffer, which must not be held.
      body:
        policy.bodies.length > 0 && body.length > 0
          ? Uint8Array.from(body.subarray(0, this.#limits.body))
          : undefined,
    });
  }

  #onConnection(event: ConnectionEvent): void {
    const level: Level = event.kind === 'opened' || event.kind === 'closed' ? 'Verbose' : 'Warning';
    const peer = event.peer?.kind === 'server' ? event.peer.fqdn : (event.peer?.kind ?? '');
    this.#note('connection', level, {
      at: event.at,
      local: event.local === undefined ? '' : formatEndpoint(event.local),
      remote: event.remote === undefined ? '' : formatEndpoint(event.remote),
      label: event.label,
      peer,
      text: `connection ${event.kind}: ${event.code}: ${event.message}`,
    });
  }

  #onFault(event: SipFaultEvent): void {
    const about = event.callId === undefined ? '' : ` (Call-ID ${event.callId})`;
    this.#note('fault', 'Warning', {
      at: event.at,
      local: '',
      remote: event.remote ?? '',
      label: '',
      peer: '',
      text: `${event.code}: ${event.message}${about}`,
    });
  }

  #onRefusal({ listener, remote, admission }: RefusalEvent): void {
    const host = hostPart(listener.address);
    this.#note('refusal', 'Warning', {
      at: this.#clock.now(),
      local: `${host.includes(':') ? `[${host}]` : host}:${listener.port}`,
      remote,
      label: listener.service,
      peer: '',
      text: `refused: ${admission.code}: ${admission.message}`,
    });
  }

  #note(
    kind: 'connection' | 'fault' | 'refusal',
    level: Level,
    event: { at: number; local: string; remote: string; label: string; peer: string; text: string },
  ): void {
    const policy = this.#policy;
    if (policy === null || !includesLevel(policy.level, level)) {
      this.#arm();
      return;
    }
    const { text, ...rest } = event;
    this.#push({
      kind,
      level,
      sequence: this.#sequence,
      direction: 'in',
      ...rest,
      // Heads are kept one character a byte.
      head: Buffer.from(text.replace(/[\r\n]+/g, ' '), 'utf8').toString('latin1'),
      bodyLength: 0,
    });
  }

  #push(seen: Observation): void {
    const bytes = weightOf(seen);
    if (
      this.#queue.length >= this.#limits.queue ||
      this.#queuedBytes + bytes > this.#limits.queueBytes
    ) {
      this.#dropped += 1;
      return;
    }
    this.#sequence += 1;
    this.#queuedBytes += bytes;
    this.#queue.push(seen);
    this.#arm();
  }

  /** Sets the timer of the next batch unless it is set. */
  #arm(): void {
    this.#timer ??= this.#clock.after(batchInterval, () => {
      this.#timer = undefined;
      this.#policy = this.#policyNow();
      if (this.#queue.length === 0 || this.#unsubscribe.length === 0) return;
      // A slow store keeps its batch; the queue waits for it.
      if (this.#batch === undefined) {
        void this.#store(Math.ceil((this.#limits.perSecond * batchInterval) / 1000));
      }
      this.#arm();
    });
  }

  async #store(count: number): Promise<void> {
    const seen = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    for (const one of seen) this.#queuedBytes -= weightOf(one);
    const policy = this.#policy ?? { level: 'Info', bodies: [] };
    this.#batch = this.#hand(seen, policy);
    await this.#batch;
    this.#batch = undefined;
  }

  /** Never rejects: what the store does not take is counted. */
  async #hand(seen: readonly Observation[], policy: RecordingPolicy): Promise<void> {
    try {
      await this.#append(seen, policy);
      this.#recorded += seen.length;
    } catch (error) {
      this.#lost += seen.length;
      this.#lastFailure = messageOf(error);
    }
  }
}

/** Bytes an observation holds in memory, roughly. */
function weightOf(seen: Observation): number {
  return seen.head.length + (seen.body?.length ?? 0);
}
