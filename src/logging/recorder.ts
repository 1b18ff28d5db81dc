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
import { BatchWriter, type Batch } from './batch.ts';
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
  /** Records waiting in memory, and the longest burst kept whole; more are dropped and counted. */
  readonly queue: number;
  /** Bytes waiting in memory. */
  readonly queueBytes: number;
  /**
   * Records taken a second at most, bursts aside. Each costs some microseconds on another core; this
   * bounds what recording may take from SIP. Processes of one host share what a host may record.
   */
  readonly perSecond: number;
  /** The same while the event loop of this process has next to no time left. */
  readonly perSecondBusy: number;
  /** Longest body kept, in bytes; longer ones are cut. */
  readonly body: number;
}

export const defaultRecorderLimits: RecorderLimits = {
  queue: 20_000,
  queueBytes: 32 * 1024 * 1024,
  perSecond: 10_000,
  perSecondBusy: 4_000,
  body: 64 * 1024,
};

/** What one of several processes of a host may record. */
export function recorderShare(processes: number): Partial<RecorderLimits> {
  const { perSecond, perSecondBusy } = defaultRecorderLimits;
  return { perSecond: perSecond / processes, perSecondBusy: perSecondBusy / processes };
}

/** Milliseconds between two batches. */
const batchInterval = 100;

/** Share of the time an event loop works from which on SIP needs the processor more. */
const busyFrom = 0.8;

/** Share of the time since the last call that the event loop of this thread has worked. */
function utilizationMeter(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const { utilization } = performance.eventLoopUtilization(last);
    last = performance.eventLoopUtilization();
    return utilization;
  };
}

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
 * batches. On the hot path it only copies bytes; parsing and masking happen in the store's thread.
 */
export class Recorder {
  readonly #clock: Clock;
  readonly #limits: RecorderLimits;
  readonly #append: (batch: Batch, policy: RecordingPolicy) => Promise<void>;
  readonly #policyNow: () => RecordingPolicy | null;
  readonly #sources: RecorderSources;
  readonly #utilization: () => number;
  readonly #unsubscribe: (() => void)[] = [];
  #policy: RecordingPolicy | null = null;
  readonly #queue = new BatchWriter();
  /** Records that may still be taken: a full queue of them at first, then so many a second. */
  #allowance: number;
  #allowedAt: number;
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
    readonly append: (batch: Batch, policy: RecordingPolicy) => Promise<void>;
    /** What the running scenarios ask for; asked before every batch. */
    readonly policy: () => RecordingPolicy | null;
    readonly limits?: Partial<RecorderLimits>;
    readonly sources?: RecorderSources;
    /** Share of the time since the last call that SIP has worked, 0 to 1; default: this event loop's. */
    readonly utilization?: () => number;
  }) {
    this.#clock = options.clock;
    this.#append = options.append;
    this.#policyNow = options.policy;
    this.#limits = { ...defaultRecorderLimits, ...options.limits };
    this.#sources = options.sources ?? processWide;
    this.#utilization = options.utilization ?? utilizationMeter();
    this.#allowance = this.#limits.queue;
    this.#allowedAt = this.#clock.now();
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
    while (this.#queue.count > 0 && this.#sequence - this.#queue.count < heard) {
      await (this.#batch ?? this.#store());
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
      queued: this.#queue.count,
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
    if (!this.#mayTake()) return;
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
      body:
        policy.bodies.length > 0 && body.length > 0
          ? body.subarray(0, this.#limits.body)
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
    if (!this.#mayTake()) return;
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

  /** Whether there is room for one more; one there is none for is counted. */
  #mayTake(): boolean {
    const { queue, queueBytes } = this.#limits;
    // Silence is not ticked through, but it counts.
    if (this.#timer === undefined) this.#allowMore();
    const room =
      this.#allowance >= 1 && this.#queue.count < queue && this.#queue.bytes < queueBytes;
    if (!room) this.#dropped += 1;
    return room;
  }

  #push(seen: Observation): void {
    this.#sequence += 1;
    this.#allowance -= 1;
    this.#queue.add(seen);
    this.#arm();
  }

  /** Sets the timer of the next batch unless it is set. */
  #arm(): void {
    this.#timer ??= this.#clock.after(batchInterval, () => {
      this.#timer = undefined;
      this.#policy = this.#policyNow();
      this.#allowMore();
      if (this.#queue.count === 0 || this.#unsubscribe.length === 0) return;
      // A slow store keeps its batch; the queue waits for it.
      if (this.#batch === undefined) void this.#store();
      this.#arm();
    });
  }

  #allowMore(): void {
    const now = this.#clock.now();
    const { perSecond, perSecondBusy } = this.#limits;
    const rate = this.#utilization() < busyFrom ? perSecond : Math.min(perSecond, perSecondBusy);
    const more = (Math.max(0, now - this.#allowedAt) * rate) / 1000;
    this.#allowance = Math.min(this.#limits.queue, this.#allowance + more);
    this.#allowedAt = now;
  }

  async #store(): Promise<void> {
    const policy = this.#policy ?? { level: 'Info', bodies: [] };
    this.#batch = this.#hand(this.#queue.take(), policy);
    await this.#batch;
    this.#batch = undefined;
  }

  /** Never rejects: what the store does not take is counted. */
  async #hand(batch: Batch, policy: RecordingPolicy): Promise<void> {
    try {
      await this.#append(batch, policy);
      this.#recorded += batch.count;
    } catch (error) {
      this.#lost += batch.count;
      this.#lastFailure = messageOf(error);
    }
  }
}
