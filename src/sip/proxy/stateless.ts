import type { Wire } from '../transport/wire.ts';
import { forwardedRequest } from './build.ts';
import type { ForwardFrame } from './build.ts';
import { Way, nobody } from './engine.ts';
import type { Engine } from './engine.ts';
import type { Target } from './model.ts';

/**
 * Sends a request on without keeping anything of it (RFC 3261 16.11): the ACK of a 2xx, to which no
 * response comes. Only the plan's first group counts.
 */
export function forwardStateless(
  engine: Engine,
  frame: ForwardFrame,
  mark: string,
  breadth: number,
): void {
  for (const target of frame.plan.groups[0] ?? []) {
    void new StatelessForward(engine, frame, mark, breadth, target).run();
  }
}

class StatelessForward {
  readonly #engine: Engine;
  readonly #frame: ForwardFrame;
  readonly #mark: string;
  readonly #breadth: number;
  readonly #target: Target;
  readonly #way: Way;

  constructor(engine: Engine, frame: ForwardFrame, mark: string, breadth: number, target: Target) {
    this.#engine = engine;
    this.#frame = frame;
    this.#mark = mark;
    this.#breadth = breadth;
    this.#target = target;
    this.#way = new Way(engine, target.via);
  }

  /** Never rejects. */
  async run(): Promise<void> {
    const { callId } = this.#frame.request;
    try {
      do {
        const way = this.#way.open();
        // One hop after the other: the next is a substitute, not a companion.
        const wire = way instanceof Promise ? await way.catch(nobody) : way;
        if (wire !== undefined && this.#sendOn(wire)) return;
      } while (this.#way.next());
      this.#engine.report('ack-lost', 'An ACK could not be forwarded', { callId });
    } catch (cause) {
      this.#engine.report('bad-edit', 'An ACK could not be built', { callId, cause });
    }
  }

  #sendOn(wire: Wire): boolean {
    const { layer } = this.#engine;
    const via = this.#engine.via(wire.label, this.#engine.newBranch(this.#mark));
    const request = forwardedRequest(this.#frame, this.#target, via, this.#breadth);
    return layer.host.transmit(wire, request);
  }
}
