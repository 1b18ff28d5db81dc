import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { SipRequest, buildResponse, edit, loop, maxForwards, runChain } from '#sip';
import type { HeaderEdit, Outcome, RequestContext, SipMessage } from '#sip';
import { frontEndDecisions, password } from '../../../src/front-end/decisions.fixture.ts';
import type { FrontEndDecisions } from '../../../src/front-end/decisions.fixture.ts';
import { ProxyHarness, toWire } from '../../../src/sip/proxy/memory.fixture.ts';
import { Actor, domain, newBranch, wordOf } from './actor.ts';
import { contactValues, readContacts } from './contacts.ts';
import { readScript } from './script.ts';
import type { Step } from './script.ts';

/** What the scene is played on. */
export interface Setting {
  /** `front-end`: the Front End's own chain decides; `proxy`: the proxy core with `calls` as its table. */
  readonly on: 'proxy' | 'front-end';
  /** Where users are reached: `desk + mobile` at once, `desk ; mobile` one after the other. */
  readonly calls?: Readonly<Record<string, string>> | undefined;
  /** Clients register flows (RFC 5626). */
  readonly outbound?: boolean;
}

/** Faults that no message, however odd, may cause. */
const never = ['internal', 'decider-threw', 'callback-threw', 'bad-edit'];
/** Milliseconds after which nothing may be left: more than any timer but C, which scripts wait for. */
const aftermath = 300_000;
const ownRoute = '<sip:proxy.example.net;transport=tls;lr>';

/** Plays one script over the proxy core in memory, with the clock in its hand. */
export class Stage {
  readonly #setting: Setting;
  readonly #proxy = new ProxyHarness();
  readonly #frontEnd: FrontEndDecisions | undefined;
  readonly #actors = new Map<string, Actor>();

  constructor(setting: Setting) {
    this.#setting = setting;
    if (setting.on === 'front-end') {
      const frontEnd = frontEndDecisions(this.#proxy.clock);
      this.#frontEnd = frontEnd;
      this.#proxy.decide = frontEnd.decide;
    } else {
      const chain = [
        maxForwards,
        loop,
        { name: 'route', decide: (context: RequestContext) => this.#route(context) },
      ];
      this.#proxy.decide = (context) => runChain(chain, context);
    }
  }

  /** Throws, naming the line, where something else happens than is written; nothing may be left at the end. */
  async play(script: string): Promise<void> {
    await this.#act(script);
    this.#nothingUnread('at the end');
    this.#proxy.clock.advance(aftermath);
    await setImmediate();
    this.#nothingUnread('long after the end');
    assert.deepEqual(this.#proxy.left, [0, 0, 0], 'transactions or timers are left');
    const { faults } = this.#proxy.counts;
    for (const fault of never) assert.ok(!(fault in faults), `a fault: ${fault}`);
  }

  async #act(script: string): Promise<void> {
    for (const step of readScript(script)) {
      try {
        await this.#perform(step);
        await setImmediate();
      } catch (cause) {
        throw new Error(`At "${step.line}": ${cause instanceof Error ? cause.message : 'failed'}`, {
          cause,
        });
      }
    }
  }

  async #perform(step: Step): Promise<void> {
    switch (step.kind) {
      case 'waits':
        this.#proxy.clock.advance(step.seconds * 1000);
        break;
      case 'closes': {
        const { wire } = this.#actor(step.who);
        wire.close();
        this.#frontEnd?.closed(wire.id);
        break;
      }
      case 'registers':
        await this.#act(`
          ${step.who} -> REGISTER [contact ${step.who}] | ${step.who} <- 401
          ${step.who} -> REGISTER [contact ${step.who}] [signed] | ${step.who} <- 200`);
        break;
      case 'calls':
        await this.#act(`
          ${step.who} -> INVITE ${step.of} | ${step.who} <- 407 | ${step.who} -> ACK
          ${step.who} -> INVITE ${step.of} [signed]`);
        break;
      case 'sends':
        this.#send(step);
        break;
      case 'reads':
        this.#expect(step);
        break;
      case 'relays':
        this.#relay(step);
        break;
      case 'reflects':
        this.#reflect(step);
        break;
    }
  }

  #actor(name: string): Actor {
    const known = this.#actors.get(name);
    if (known !== undefined) {
      if (known.wire.closed) known.reconnect(this.#proxy.wire());
      return known;
    }
    const actor = new Actor(name, this.#proxy.wire());
    this.#actors.set(name, actor);
    return actor;
  }

  #send(step: Extract<Step, { kind: 'sends' }>): void {
    const actor = this.#actor(step.who);
    const { what, of, notes } = step;
    const before = actor.sent.get(what);
    let message: SipMessage;
    if (notes.includes('again')) {
      assert.ok(before !== undefined, `no ${what} to repeat`);
      message = before;
    } else if (/^\d/u.test(what)) {
      const tag = notes.find((note) => note.startsWith('tag '))?.slice('tag '.length);
      message = this.#changed(actor.response(Number(what), of, tag), notes);
    } else {
      const request = actor.request(what, of);
      const repeats = notes.includes('signed') || notes.some((note) => note.startsWith('signed '));
      const same: HeaderEdit[] =
        repeats && before !== undefined
          ? [{ op: 'set', name: 'Call-ID', value: before.callId }]
          : [];
      message = this.#changed(edit(request, same), notes);
      if (repeats) message = signedBy(actor, message, notes);
    }
    actor.sent.set(what, message);
    const times = notes.find((note) => note.endsWith(' times')) ?? '1';
    for (let i = 0; i < Number.parseInt(times, 10); i++) this.#proxy.receive(message, actor.wire);
  }

  #expect(step: Extract<Step, { kind: 'reads' }>): void {
    const { who, what, of, notes } = step;
    const message = this.#actor(who).next(what);
    assert.ok(message !== undefined, 'nothing came');
    const found = message instanceof SipRequest ? '' : ` ${message.cseq.method}`;
    const asked = of ?? (message.cseq.method === 'CANCEL' ? 'no CANCEL' : message.cseq.method);
    assert.equal(wordOf(message) + found, what + (found === '' ? '' : ` ${asked}`));
    for (const note of notes) this.#check(message, note);
  }

  #check(message: SipMessage, note: string): void {
    const [word = '', ...rest] = note.split(' ');
    if (word === 'contact') {
      assert.ok(message.contacts !== '*');
      for (const fault of readContacts(rest.join(' '), message.contacts)) assert.fail(fault);
    } else if (word === 'uri') {
      assert.ok(message instanceof SipRequest);
      assert.equal(message.requestUri, rest.join(' '));
    } else if (word.startsWith('-')) assert.equal(message.count(word.slice(1)), 0, note);
    else if (word.startsWith('~')) {
      assert.ok(message.header(word.slice(1))?.includes(rest.join(' ')), note);
    } else {
      assert.ok(word.endsWith(':'), `no such note: ${note}`);
      assert.equal(message.header(word.slice(0, -1)), rest.join(' '));
    }
  }

  /** Passes on the latest message of this kind that was read, as a proxy does. */
  #relay(step: Extract<Step, { kind: 'relays' }>): void {
    const actor = this.#actor(step.who);
    const message = actor.read.get(step.what);
    assert.ok(message !== undefined, `no ${step.what} to relay`);
    const via = `SIP/2.0/TLS ${actor.name}.invalid;branch=${newBranch()}`;
    const edits: HeaderEdit[] =
      message instanceof SipRequest
        ? [
            { op: 'prepend', name: 'Via', value: via },
            { op: 'set', name: 'Max-Forwards', value: String((message.maxForwards ?? 70) - 1) },
          ]
        : [{ op: 'removeFirstValue', name: 'Via' }];
    const relayed = this.#changed(edit(message, edits), step.notes);
    actor.sent.set(step.what, relayed);
    this.#proxy.receive(relayed, actor.wire);
  }

  #reflect(step: Extract<Step, { kind: 'reflects' }>): void {
    const actor = this.#actor(step.who);
    const message = actor.read.get(step.what) ?? actor.sent.get(step.what);
    assert.ok(message instanceof SipRequest, `no ${step.what} to reflect`);
    const as = step.notes.find((note) => note.startsWith('as '))?.slice('as '.length) ?? step.what;
    const others = step.notes.filter((note) => !note.startsWith('as '));
    const reflected = /^\d/u.test(as)
      ? buildResponse(message, Number(as))
      : new SipRequest(
          message.head.replace(/^\w+/u, as).replace(/^(CSeq: \d+) \w+/imu, `$1 ${as}`),
          message.body,
        );
    this.#proxy.receive(this.#changed(reflected, others), actor.wire);
  }

  #changed(message: SipMessage, notes: readonly string[]): SipMessage {
    let changed = message;
    for (const note of notes) {
      const edits = this.#editsOf(changed, note);
      if (edits.length > 0) changed = edit(changed, edits);
    }
    return changed;
  }

  #editsOf(message: SipMessage, note: string): readonly HeaderEdit[] {
    const [word = '', ...rest] = note.split(' ');
    const value = rest.join(' ');
    const name = word.replaceAll(/[-+:](?=$)|^[-+]/gu, '');
    switch (word) {
      case 'contact':
        return contactValues(value, message.from.uri, this.#setting.outbound === true).map(
          (contact) => ({ op: 'append', name: 'Contact', value: contact }),
        );
      case 'uri':
        return [{ op: 'requestUri', value }];
      case 'branch':
        return [{ op: 'replaceFirstVia', value: topViaWith(message, value) }];
      case 'upper':
        return [
          {
            op: 'replaceFirstVia',
            value: topViaWith(message, message.topVia.branch?.toUpperCase()),
          },
        ];
      case 'cseq':
        return [{ op: 'set', name: 'CSeq', value: `${value} ${message.cseq.method}` }];
      case 'again':
      case 'tag':
      case 'signed':
        return [];
    }
    if (note.endsWith(' times')) return [];
    if (word.startsWith('-')) {
      return [name === 'Via' ? { op: 'removeFirstValue', name } : { op: 'remove', name }];
    }
    if (word.startsWith('+')) return [{ op: 'prepend', name, value }];
    assert.ok(word.endsWith(':'), `no such note: ${note}`);
    return [{ op: 'set', name, value }];
  }

  /** Addresses of the domain by the table, contacts straight to their actor; records its route in dialogs. */
  #route({ request }: RequestContext): Outcome {
    const { user = '', host } = request.uri;
    const [next] = request.routes;
    const own = next?.uri.includes('proxy.example.net') === true;
    const groups =
      host === domain
        ? (this.#setting.calls?.[user] ?? user).split(';')
        : [host.replace(/\.invalid$/u, '')];
    if (host === domain && user === 'nobody') return { kind: 'respond', status: 404 };
    const opens = request.method === 'INVITE' && request.to.tag === undefined;
    const edits: HeaderEdit[] = [
      ...(own ? [{ op: 'removeFirstValue', name: 'Route' } as const] : []),
      ...(opens ? [{ op: 'prepend', name: 'Record-Route', value: ownRoute } as const] : []),
    ];
    const targets = groups.map((group) =>
      group.split('+').map((name) => toWire(this.#open(name.trim()))),
    );
    return { kind: 'forward', plan: { groups: targets, edits } };
  }

  /** The actor's connection as it is: a closed one stays closed until the actor speaks again. */
  #open(name: string): Actor['wire'] {
    return this.#actors.get(name)?.wire ?? this.#actor(name).wire;
  }

  #nothingUnread(when: string): void {
    for (const actor of this.#actors.values()) {
      const message = actor.next();
      if (message === undefined) continue;
      assert.fail(`${when} ${actor.name} has not read: ${message.head.split('\r\n')[0]}`);
    }
  }
}

/** `signed`, `signed wrong` (password), `signed forged` (nonce). */
function signedBy(actor: Actor, message: SipMessage, notes: readonly string[]): SipMessage {
  assert.ok(message instanceof SipRequest);
  const [, how] = notes.find((note) => note.startsWith('signed'))?.split(' ') ?? [];
  const secret = how === 'wrong' ? 'wrong' : password;
  const [header, value] = actor.signed(message, secret, how === 'forged');
  return edit(message, [{ op: 'set', name: header, value }]);
}

/** The topmost Via with this branch; `none` takes the branch off. */
function topViaWith(message: SipMessage, branch: string | undefined): string {
  const top = message.values('Via')[0] ?? '';
  const bare = top.replace(/;branch=[^;]*/iu, '');
  return branch === 'none' ? bare : `${bare};branch=${branch}`;
}
