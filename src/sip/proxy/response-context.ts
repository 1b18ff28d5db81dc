import { edit } from '../message/index.ts';
import type { HeaderEdit, SipRequest, SipResponse } from '../message/index.ts';
import type { ServerTransaction, ServerUser } from '../transaction/server.ts';
import { transactionTimeout } from '../transaction/timers.ts';
import { buildAnswer } from './answer.ts';
import type { Answer } from './answer.ts';
import { bestResponse, otherChallenges } from './best-response.ts';
import type { Final } from './best-response.ts';
import { Branch } from './branch.ts';
import type { BranchFailure, BranchOwner } from './branch.ts';
import { forwardedRequest } from './build.ts';
import type { ForwardFrame } from './build.ts';
import type { Engine } from './engine.ts';
import type { ForwardPlan, Target } from './model.ts';
import { dropOurVia } from './via.ts';

const defaultUnreachable: Answer = { status: 504 };
const cancelledAnswer: Answer = { status: 487 };
const failedAnswer: Answer = { status: 500 };
const timedOutAnswer: Answer = { status: 408 };
/** RFC 3326 3.1. */
const takenElsewhere = 'SIP;cause=200;text="Call completed elsewhere"';
const dropOnly: readonly HeaderEdit[] = [dropOurVia];

/**
 * Everything that becomes of one forwarded request (RFC 3261 16.7): its branches, group after group,
 * and the one response, or for INVITE the several 2xx, that go back.
 */
export class ResponseContext implements BranchOwner, ServerUser {
  readonly method: string;
  readonly mark: string;
  readonly #engine: Engine;
  readonly #transaction: ServerTransaction;
  readonly #frame: ForwardFrame;
  readonly #receivedAt: number;
  readonly #groups: readonly (readonly Target[])[];
  readonly #breadth: number;
  #group = -1;
  #branches: Branch[] = [];
  #pending = 0;
  #finals: Final[] = [];
  /** No further group: cancelled, accepted, or refused by everyone's authority (6xx). */
  #stopped = false;
  #answered = false;

  /** `breadth`: how many branches there may be at a time, 1 or more (RFC 5393 5.3.3). */
  constructor(
    engine: Engine,
    transaction: ServerTransaction,
    frame: ForwardFrame,
    mark: string,
    receivedAt: number,
    breadth: number,
  ) {
    this.method = transaction.request.method;
    this.mark = mark;
    this.#engine = engine;
    this.#transaction = transaction;
    this.#frame = frame;
    this.#receivedAt = receivedAt;
    this.#breadth = breadth;
    this.#groups = splitWide(frame.plan.groups, breadth);
  }

  /** Sends to the first group. The plan must hold a target. */
  begin(): void {
    this.#transaction.user = this;
    this.#nextGroup();
  }

  cancel(reason: string | undefined): void {
    this.#stopped = true;
    this.#cancelBranches(undefined, reason);
  }

  compose(target: Target, via: string): SipRequest | undefined {
    const width = this.#groups[this.#group]?.length ?? 1;
    try {
      return forwardedRequest(this.#frame, target, via, Math.floor(this.#breadth / width));
    } catch (cause) {
      this.#reportEdits(cause);
      return undefined;
    }
  }

  provisional(response: SipResponse): void {
    if (this.#answered) return;
    const returned = this.#returned(response, dropOnly);
    if (returned !== undefined) this.#transaction.respond(returned);
  }

  success(branch: Branch, response: SipResponse, first: boolean): void {
    // Every 2xx to INVITE goes back, late ones too (RFC 3261 16.7 step 5); of others the first.
    if (this.method === 'INVITE' || !this.#answered) {
      this.#answered = true;
      this.#transaction.respond(this.#returned(response, dropOnly) ?? this.#make(failedAnswer));
    }
    if (!first) return;
    this.#tell(branch.target, response);
    this.#stopped = true;
    this.#pending -= 1;
    this.#cancelBranches(branch, takenElsewhere);
  }

  refused(branch: Branch, response: SipResponse): void {
    this.#tell(branch.target, response);
    this.#finals.push({ response, local: false });
    if (response.status >= 600) {
      this.#stopped = true;
      this.#cancelBranches(branch);
    }
    this.#branchOver();
  }

  failed(_branch: Branch, failure: BranchFailure): void {
    this.#finals.push({ response: this.#make(this.#answerTo(failure)), local: true });
    this.#branchOver();
  }

  #nextGroup(): void {
    this.#group += 1;
    const targets = this.#groups[this.#group] ?? [];
    this.#pending = targets.length;
    this.#branches = targets.map((target) => new Branch(this.#engine, this, target));
    // All are counted before the first starts: it may fail before the next one is there.
    for (const branch of this.#branches) branch.start();
  }

  #branchOver(): void {
    this.#pending -= 1;
    if (this.#pending > 0 || this.#answered) return;
    if (!this.#stopped && this.#group + 1 < this.#groups.length) this.#nextGroup();
    else this.#answerBest();
  }

  #cancelBranches(except: Branch | undefined, reason?: string): void {
    for (const branch of this.#branches) {
      if (branch !== except && !branch.over) branch.cancel(reason);
    }
  }

  #answerBest(): void {
    this.#answered = true;
    const best = bestResponse(this.#finals);
    const { status } = best.response;
    const instead = best.local ? undefined : this.#instead(best.response);
    if (instead !== undefined) this.#respondHere(instead);
    // A peer's 503 is about that peer, not about us (RFC 3261 16.7 step 6).
    else if (status === 503 && !best.local) this.#respondHere(this.#answerTo('unreachable'));
    else if (status === 408 && this.method !== 'INVITE') this.#answerLate();
    else if (best.local) this.#transaction.respond(best.response);
    else {
      const more = otherChallenges(best, this.#finals);
      const edits = more.length === 0 ? dropOnly : [dropOurVia, ...more];
      this.#transaction.respond(this.#returned(best.response, edits) ?? this.#make(failedAnswer));
    }
  }

  /** A non-INVITE gets no 408, and nothing at all once its client has given up (RFC 4320 4.2). */
  #answerLate(): void {
    if (this.#engine.clock.now() - this.#receivedAt < transactionTimeout) {
      this.#respondHere({ status: 504 });
      return;
    }
    this.#engine.report('late', 'Nobody answered a request before its client gave up', {
      callId: this.#transaction.request.callId,
    });
    this.#transaction.abandon();
  }

  #answerTo(failure: BranchFailure): Answer {
    if (failure === 'cancelled') return cancelledAnswer;
    if (failure === 'timeout') return timedOutAnswer;
    if (failure === 'internal') return failedAnswer;
    if (failure === 'congested') {
      return { status: 503, headers: [['Retry-After', String(this.#engine.limits.retryAfter)]] };
    }
    return this.#frame.plan.unreachable ?? defaultUnreachable;
  }

  #respondHere(answer: Answer): void {
    this.#transaction.respond(this.#make(answer));
  }

  #make(answer: Answer): SipResponse {
    const { request, stampedVia } = this.#frame;
    return buildAnswer(request, answer, stampedVia);
  }

  /** A peer's response as it goes back; undefined, and reported, when the plan's edits are wrong. */
  #returned(response: SipResponse, edits: readonly HeaderEdit[]): SipResponse | undefined {
    const { onResponse } = this.#frame.plan;
    try {
      return edit(response, onResponse === undefined ? edits : [...edits, ...onResponse(response)]);
    } catch (cause) {
      this.#reportEdits(cause);
      return undefined;
    }
  }

  #tell(target: Target, response: SipResponse): void {
    try {
      target.onFinal?.(response);
    } catch (cause) {
      this.#reportCallback(cause);
    }
  }

  #instead(best: SipResponse): Answer | undefined {
    try {
      return this.#frame.plan.instead?.(best);
    } catch (cause) {
      this.#reportCallback(cause);
      return undefined;
    }
  }

  #reportCallback(cause: unknown): void {
    this.#engine.report('callback-threw', 'A call-back of a forward plan failed', {
      callId: this.#transaction.request.callId,
      cause,
    });
  }

  #reportEdits(cause: unknown): void {
    this.#engine.report('bad-edit', 'The edits of a forward plan could not be applied', {
      callId: this.#transaction.request.callId,
      cause,
    });
  }
}

/** Groups no wider than `breadth`; what does not fit beside each other comes one after the other. */
function splitWide(groups: ForwardPlan['groups'], breadth: number): readonly (readonly Target[])[] {
  if (groups.every(({ length }) => length > 0 && length <= breadth)) return groups;
  const split: (readonly Target[])[] = [];
  for (const group of groups) {
    for (let i = 0; i < group.length; i += breadth) split.push(group.slice(i, i + breadth));
  }
  return split;
}
