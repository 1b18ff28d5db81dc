import { UsherError } from '#base';
import type { Cancel } from '#base';
import { edit } from '../message/index.ts';
import type { HeaderEdit, SipRequest, SipResponse } from '../message/index.ts';
import { initialMaxForwards } from '../transaction/companions.ts';
import { Branch } from './branch.ts';
import type { BranchFailure, BranchOwner } from './branch.ts';
import type { Engine } from './engine.ts';
import type { Destination, Target } from './model.ts';

/** A request of this host itself, e.g. an OPTIONS that asks whether a neighbour lives. */
export class OwnRequest implements BranchOwner {
  readonly method: string;
  readonly mark: string;
  readonly #engine: Engine;
  readonly #message: SipRequest;
  readonly #answer = Promise.withResolvers<SipResponse>();
  readonly #stopTimer: Cancel;
  #branch: Branch | undefined = undefined;
  #timedOut = false;

  /** `timeout` in milliseconds. */
  constructor(engine: Engine, message: SipRequest, mark: string, timeout: number) {
    this.method = message.method;
    this.mark = mark;
    this.#engine = engine;
    this.#message = message;
    this.#stopTimer = engine.clock.after(timeout, () => {
      this.#timedOut = true;
      this.#branch?.cancel();
      this.failed(undefined, 'timeout');
    });
  }

  /** Resolves with the final response; rejects with `USHER_SIP_UNREACHABLE` or `USHER_SIP_TIMEOUT`. */
  send(via: Destination): Promise<SipResponse> {
    this.#branch = new Branch(this.#engine, this, { via });
    this.#branch.start();
    return this.#answer.promise;
  }

  /** Gives up now. */
  close(): void {
    this.#branch?.cancel();
    this.failed(undefined, 'unreachable');
  }

  compose(_target: Target, via: string): SipRequest {
    const edits: HeaderEdit[] = [{ op: 'prepend', name: 'Via', value: via }];
    if (this.#message.maxForwards === undefined) {
      edits.push({ op: 'append', name: 'Max-Forwards', value: String(initialMaxForwards) });
    }
    return edit(this.#message, edits);
  }

  provisional(): void {
    // Only the final response is asked for.
  }

  success(_branch: Branch, response: SipResponse): void {
    this.#settle(response);
  }

  refused(_branch: Branch, response: SipResponse): void {
    this.#settle(response);
  }

  failed(_branch: Branch | undefined, failure: BranchFailure): void {
    this.#stopTimer();
    const late = failure === 'timeout' || this.#timedOut;
    this.#answer.reject(
      new UsherError(
        late ? 'USHER_SIP_TIMEOUT' : 'USHER_SIP_UNREACHABLE',
        late
          ? `Nobody answered ${this.method} ${this.#message.requestUri} in time`
          : `Nobody could be reached for ${this.method} ${this.#message.requestUri}`,
        {
          remedy: 'See whether the peer runs and whether a firewall lets its port through.',
          exitStatus: 1,
        },
      ),
    );
  }

  #settle(response: SipResponse): void {
    this.#stopTimer();
    this.#answer.resolve(response);
  }
}
