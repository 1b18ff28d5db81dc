import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { UsherError } from '#base';
import { isAnswer, type Answer, type Order } from './messages.ts';

const program = fileURLToPath(new URL('main.ts', import.meta.url));

type AnswerTo<Kind extends Answer['kind']> = Extract<Answer, { readonly kind: Kind }>;

/** A process in a namespace of a lab that sends and tells what it is asked to; one question at a time. */
export class Agent {
  readonly #child: ChildProcess;
  readonly #namespace: string;
  #waiting: PromiseWithResolvers<Answer> | undefined;

  private constructor(child: ChildProcess, namespace: string) {
    this.#child = child;
    this.#namespace = namespace;
    child.on('message', (message) => {
      if (!isAnswer(message)) return;
      if (message.kind === 'failed') this.#fail(message.message);
      else this.#waiting?.resolve(message);
    });
    child.on('exit', (code, signal) => this.#fail(`it ended with ${signal ?? code}`));
    child.on('error', (error) => this.#fail(error.message));
  }

  /** @throws UsherError `USHER_LAB_AGENT` when it does not start */
  static async start(namespace: string): Promise<Agent> {
    const child = fork(program, [], {
      execPath: 'ip',
      execArgv: ['netns', 'exec', namespace, process.execPath],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const agent = new Agent(child, namespace);
    await agent.#next('ready');
    return agent;
  }

  /** @throws UsherError `USHER_LAB_AGENT` when it falls or says why it cannot */
  emit(order: Extract<Order, { readonly kind: 'emit' }>): Promise<AnswerTo<'emitted'>> {
    this.#child.send(order);
    return this.#next('emitted');
  }

  /** @throws UsherError `USHER_LAB_AGENT` when it falls or says why it cannot */
  prove(order: Extract<Order, { readonly kind: 'prove' }>): Promise<AnswerTo<'proved'>> {
    this.#child.send(order);
    return this.#next('proved');
  }

  /** @throws UsherError `USHER_LAB_AGENT` when it falls or says why it cannot */
  converse(order: Extract<Order, { readonly kind: 'converse' }>): Promise<AnswerTo<'conversed'>> {
    this.#child.send(order);
    return this.#next('conversed');
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.disconnect();
    else this.#child.kill('SIGKILL');
    await ended;
  }

  async #next<Kind extends Answer['kind']>(kind: Kind): Promise<AnswerTo<Kind>> {
    const waiting = Promise.withResolvers<Answer>();
    this.#waiting = waiting;
    const answer = await waiting.promise;
    if (isOf(answer, kind)) return answer;
    throw this.#fault(`it answered ${answer.kind}, not ${kind}`);
  }

  #fail(why: string): void {
    this.#waiting?.reject(this.#fault(why));
  }

  #fault(why: string): UsherError {
    return new UsherError('USHER_LAB_AGENT', `the agent in ${this.#namespace}: ${why}`, {
      remedy: 'See whether the namespace is there (usher lab status); try again.',
    });
  }
}

function isOf<Kind extends Answer['kind']>(answer: Answer, kind: Kind): answer is AnswerTo<Kind> {
  return answer.kind === kind;
}
