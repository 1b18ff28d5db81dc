import { setTimeout as sleep } from 'node:timers/promises';
import type { TestDeployment, TestUser } from '../../test/interop/support/deployment.ts';
import type { Asked, SimpleRequest, SimpleResponse } from '../../test/interop/support/sip-user.ts';
import { SipPhone } from '../../test/interop/support/sip-phone.ts';
import type { SentRequest } from './request.ts';

/** Milliseconds between two of the same; with twelve users about 120 requests a second. */
const pause = { message: 250, register: 2000, call: 500, talk: 200 } as const;

/** Milliseconds a call may take to ring. */
const ringing = 5000;

/** Users at home in both pools, by turns; each two call each other, within a pool and across. */
export const people: readonly TestUser[] = Array.from({ length: 12 }, (_, index) => ({
  aor: `user${index}@contoso.com`,
  password: `Secret-${index}-${process.pid}`,
  homePool: index % 3 === 0 ? 'fepool02.contoso.net' : 'fepool01.contoso.net',
}));

/** A remote user who takes every call at once and keeps an account of every request. */
class Person extends SipPhone {
  /** Where every request goes when it has ended. */
  note: (request: SentRequest) => void = () => {};

  static override async connect(options: Parameters<typeof SipPhone.connect>[0]): Promise<Person> {
    return new Person(options, await SipPhone.open(options));
  }

  protected override async transact(
    asked: Asked,
    branch: string,
    heard?: (response: SimpleResponse) => void,
  ): Promise<SimpleResponse> {
    const { method } = asked;
    const sentAt = Date.now();
    try {
      const response = await super.transact(asked, branch, heard);
      this.note({ method, sentAt, endedAt: Date.now(), status: response.status });
      return response;
    } catch (error) {
      this.note({ method, sentAt, endedAt: Date.now(), status: undefined });
      throw error;
    }
  }

  protected override asked(request: SimpleRequest): void {
    super.asked(request);
    // An hour of these would be what grows.
    this.heard.length = 0;
    this.received.length = 0;
    this.statuses.length = 0;
    const within = /;\s*tag=/u.test(request.headers.get('to') ?? '');
    if (request.method === 'INVITE' && !within) this.pickUp();
  }
}

/** The mixed load: everybody signs in, writes to the next, and every second one calls the first. */
export class People {
  readonly requests: SentRequest[] = [];
  /** Requests given up. */
  unanswered = 0;
  /** Calls taken, and ended with BYE. */
  calls = 0;
  readonly #persons: readonly Person[];
  readonly #ending = new AbortController();
  #work: readonly Promise<void>[] = [];

  private constructor(persons: readonly Person[]) {
    this.#persons = persons;
    for (const person of persons) {
      person.note = (request) => {
        this.requests.push(request);
        if (request.status === undefined) this.unanswered += 1;
      };
    }
  }

  static async signIn({ edge, ca }: TestDeployment): Promise<People> {
    const persons = await Promise.all(people.map((user) => Person.connect({ ...user, edge, ca })));
    for (const person of persons) await person.register();
    return new People(persons);
  }

  begin(): void {
    this.#work = this.#persons.flatMap((person, index) => {
      const next = this.#persons[(index + 1) % this.#persons.length] ?? person;
      const messages = this.#repeat(pause.message, () => person.message(next.aor, 'hello'));
      const registers = this.#repeat(pause.register, () => person.register());
      if (index % 2 === 1) return [messages, registers];
      return [messages, registers, this.#repeat(pause.call, () => this.#call(person, next))];
    });
  }

  /** Resolves when every request has its end. */
  async end(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#work);
    for (const person of this.#persons) person.close();
  }

  async #repeat(every: number, ask: () => Promise<unknown>): Promise<void> {
    while (!this.#ending.signal.aborted) {
      // A request without an answer is in the account already; the next one is due all the same.
      await ask().catch(() => {});
      await sleep(every, undefined, { signal: this.#ending.signal }).catch(() => {});
    }
  }

  async #call(caller: Person, callee: Person): Promise<void> {
    const call = caller.call(callee.aor);
    // Nobody may hang up what does not ring; a call that neither rings nor ends is given up.
    const giveUp = new AbortController();
    const late = sleep(ringing, 'late', { signal: giveUp.signal }).catch(() => 'answered');
    const final = call.final.finally(() => giveUp.abort());
    final.catch(() => {});
    if ((await late) === 'late') await call.cancel();
    if ((await final).status !== 200) return;
    await sleep(pause.talk);
    if ((await caller.within('BYE')).status === 200) this.calls += 1;
  }
}
