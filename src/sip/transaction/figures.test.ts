import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ClientInvite } from './client-invite.ts';
import { ClientNonInvite } from './client-non-invite.ts';
import type { Effect, Effects } from './effects.ts';
import { ServerInvite } from './server-invite.ts';
import { ServerNonInvite } from './server-non-invite.ts';
import type { TimerName } from './timers.ts';

/**
 * The figures of RFC 3261 section 17, as amended by RFC 6026, 4320 and 4321, cell by cell: the state, the
 * event, the state afterwards and the effects in their order. `-` is an event the state ignores.
 *
 * Events: a status (received, or given by the transaction user), `again` (the request came again), `ack`,
 * `lost` (transport error), `timer X`. Effects: `send:x`, `+X:milliseconds` and `-X` for timers, `up:x`
 * (told to the transaction user), `end`.
 *
 * Written for unreliable transports. Over TCP and TLS timers A, E and G are never set and D, I, J and K are
 * zero (RFC 3261 table 4), so that a state whose only purpose is to absorb retransmissions is left at once.
 */
interface Figure {
  readonly title: string;
  readonly make: (reliable: boolean) => Subject;
  /** Effects of the request that makes the transaction. */
  readonly entry: string;
  /** Every state, and the events that lead to it from the entry. */
  readonly states: Readonly<Record<string, readonly string[]>>;
  readonly events: readonly string[];
  readonly cells: string;
}

interface Machine {
  readonly state: string;
  start(): Effects;
  timer(name: TimerName): Effects;
  transportError(): Effects;
}

/** A machine, and how it takes the events that are not common to all. */
interface Subject {
  readonly machine: Machine;
  readonly react: (event: string) => Effects;
}

const clientInvite: Figure = {
  title: 'INVITE client transaction (RFC 3261 figure 5, RFC 6026)',
  make: (reliable) => {
    const machine = new ClientInvite(reliable);
    return { machine, react: (event) => machine.response(Number(event)) };
  },
  entry: 'send:request +A:500 +B:32000',
  states: {
    Calling: [],
    Proceeding: ['180'],
    Accepted: ['200'],
    Completed: ['486'],
    Terminated: ['lost'],
  },
  events: [
    '100',
    '180',
    '200',
    '302',
    '486',
    '603',
    'timer A',
    'timer B',
    'timer D',
    'timer M',
    'lost',
  ],
  cells: `
    Calling     100      Proceeding  -A -B up:response
    Calling     180      Proceeding  -A -B up:response
    Calling     200      Accepted    -A -B up:response +M:32000
    Calling     302      Completed   -A -B send:ack up:response +D:32000
    Calling     486      Completed   -A -B send:ack up:response +D:32000
    Calling     603      Completed   -A -B send:ack up:response +D:32000
    Calling     timer A  Calling     send:request +A:1000
    Calling     timer B  Terminated  -A up:timeout end
    Calling     timer D  -
    Calling     timer M  -
    Calling     lost     Terminated  -A -B up:transportError end

    Proceeding  100      Proceeding  up:response
    Proceeding  180      Proceeding  up:response
    Proceeding  200      Accepted    up:response +M:32000
    Proceeding  302      Completed   send:ack up:response +D:32000
    Proceeding  486      Completed   send:ack up:response +D:32000
    Proceeding  603      Completed   send:ack up:response +D:32000
    Proceeding  timer A  -
    Proceeding  timer B  -
    Proceeding  timer D  -
    Proceeding  timer M  -
    Proceeding  lost     Terminated  up:transportError end

    Accepted    100      -
    Accepted    180      -
    Accepted    200      Accepted    up:response
    Accepted    302      -
    Accepted    486      -
    Accepted    603      -
    Accepted    timer A  -
    Accepted    timer B  -
    Accepted    timer D  -
    Accepted    timer M  Terminated  end
    Accepted    lost     Terminated  -M end

    Completed   100      -
    Completed   180      -
    Completed   200      -
    Completed   302      Completed   send:ack
    Completed   486      Completed   send:ack
    Completed   603      Completed   send:ack
    Completed   timer A  -
    Completed   timer B  -
    Completed   timer D  Terminated  end
    Completed   timer M  -
    Completed   lost     Terminated  -D up:transportError end

    Terminated  100      -
    Terminated  180      -
    Terminated  200      -
    Terminated  302      -
    Terminated  486      -
    Terminated  603      -
    Terminated  timer A  -
    Terminated  timer B  -
    Terminated  timer D  -
    Terminated  timer M  -
    Terminated  lost     -
  `,
};

const clientNonInvite: Figure = {
  title: 'non-INVITE client transaction (RFC 3261 figure 6, RFC 4321)',
  make: (reliable) => {
    const machine = new ClientNonInvite(reliable);
    return { machine, react: (event) => machine.response(Number(event)) };
  },
  entry: 'send:request +E:500 +F:32000',
  states: { Trying: [], Proceeding: ['100'], Completed: ['200'], Terminated: ['lost'] },
  events: ['100', '200', '302', '408', '603', 'timer E', 'timer F', 'timer K', 'lost'],
  cells: `
    Trying      100      Proceeding  up:response
    Trying      200      Completed   -E -F up:response +K:5000
    Trying      302      Completed   -E -F up:response +K:5000
    Trying      408      Completed   -E -F up:response +K:5000
    Trying      603      Completed   -E -F up:response +K:5000
    Trying      timer E  Trying      send:request +E:1000
    Trying      timer F  Terminated  -E up:timeout end
    Trying      timer K  -
    Trying      lost     Terminated  -E -F up:transportError end

    Proceeding  100      Proceeding  up:response
    Proceeding  200      Completed   -E -F up:response +K:5000
    Proceeding  302      Completed   -E -F up:response +K:5000
    Proceeding  408      Completed   -E -F up:response +K:5000
    Proceeding  603      Completed   -E -F up:response +K:5000
    Proceeding  timer E  Proceeding  send:request +E:4000
    Proceeding  timer F  Terminated  -E up:timeout end
    Proceeding  timer K  -
    Proceeding  lost     Terminated  -E -F up:transportError end

    Completed   100      -
    Completed   200      -
    Completed   302      -
    Completed   408      -
    Completed   603      -
    Completed   timer E  -
    Completed   timer F  -
    Completed   timer K  Terminated  end
    Completed   lost     -

    Terminated  100      -
    Terminated  200      -
    Terminated  302      -
    Terminated  408      -
    Terminated  603      -
    Terminated  timer E  -
    Terminated  timer F  -
    Terminated  timer K  -
    Terminated  lost     -
  `,
};

const serverInvite: Figure = {
  title: 'INVITE server transaction (RFC 3261 figure 7, RFC 6026)',
  make: (reliable) => {
    const machine = new ServerInvite(reliable);
    const react = (event: string): Effects => {
      if (event === 'again') return machine.retransmission();
      return event === 'ack' ? machine.ack() : machine.respond(Number(event));
    };
    return { machine, react };
  },
  entry: '+100:200',
  states: {
    Proceeding: [],
    Accepted: ['200'],
    Completed: ['486'],
    Confirmed: ['486', 'ack'],
    Terminated: ['486', 'timer H'],
  },
  events: [
    'again',
    'ack',
    '180',
    '200',
    '302',
    '486',
    '603',
    'timer 100',
    'timer G',
    'timer H',
    'timer I',
    'timer L',
    'lost',
  ],
  cells: `
    Proceeding  again      Proceeding  send:response
    Proceeding  ack        -
    Proceeding  180        Proceeding  -100 send:response
    Proceeding  200        Accepted    -100 send:response +L:32000
    Proceeding  302        Completed   -100 send:response +G:500 +H:32000
    Proceeding  486        Completed   -100 send:response +G:500 +H:32000
    Proceeding  603        Completed   -100 send:response +G:500 +H:32000
    Proceeding  timer 100  Proceeding  send:trying
    Proceeding  timer G    -
    Proceeding  timer H    -
    Proceeding  timer I    -
    Proceeding  timer L    -
    Proceeding  lost       Proceeding  up:transportError

    Accepted    again      -
    Accepted    ack        Accepted    up:ack
    Accepted    180        -
    Accepted    200        Accepted    send:response
    Accepted    302        -
    Accepted    486        -
    Accepted    603        -
    Accepted    timer 100  -
    Accepted    timer G    -
    Accepted    timer H    -
    Accepted    timer I    -
    Accepted    timer L    Terminated  end
    Accepted    lost       Accepted    up:transportError

    Completed   again      Completed   send:response
    Completed   ack        Confirmed   -G -H +I:5000
    Completed   180        -
    Completed   200        -
    Completed   302        -
    Completed   486        -
    Completed   603        -
    Completed   timer 100  -
    Completed   timer G    Completed   send:response +G:1000
    Completed   timer H    Terminated  -G up:timeout end
    Completed   timer I    -
    Completed   timer L    -
    Completed   lost       Completed   up:transportError

    Confirmed   again      -
    Confirmed   ack        -
    Confirmed   180        -
    Confirmed   200        -
    Confirmed   302        -
    Confirmed   486        -
    Confirmed   603        -
    Confirmed   timer 100  -
    Confirmed   timer G    -
    Confirmed   timer H    -
    Confirmed   timer I    Terminated  end
    Confirmed   timer L    -
    Confirmed   lost       Confirmed   up:transportError

    Terminated  again      -
    Terminated  ack        -
    Terminated  180        -
    Terminated  200        -
    Terminated  302        -
    Terminated  486        -
    Terminated  603        -
    Terminated  timer 100  -
    Terminated  timer G    -
    Terminated  timer H    -
    Terminated  timer I    -
    Terminated  timer L    -
    Terminated  lost       -
  `,
};

const serverNonInvite: Figure = {
  title: 'non-INVITE server transaction (RFC 3261 figure 8, RFC 4320)',
  make: (reliable) => {
    const machine = new ServerNonInvite(reliable);
    const react = (event: string): Effects =>
      event === 'again' ? machine.retransmission() : machine.respond(Number(event));
    return { machine, react };
  },
  entry: '+100:3500',
  states: { Trying: [], Proceeding: ['100'], Completed: ['200'], Terminated: ['lost'] },
  events: ['again', '100', '200', '302', '408', '603', 'timer 100', 'timer J', 'lost'],
  cells: `
    Trying      again      -
    Trying      100        Proceeding  -100 send:response
    Trying      200        Completed   -100 send:response +J:32000
    Trying      302        Completed   -100 send:response +J:32000
    Trying      408        Completed   -100 send:response +J:32000
    Trying      603        Completed   -100 send:response +J:32000
    Trying      timer 100  Proceeding  send:trying
    Trying      timer J    -
    Trying      lost       Terminated  -100 up:transportError end

    Proceeding  again      Proceeding  send:response
    Proceeding  100        Proceeding  send:response
    Proceeding  200        Completed   send:response +J:32000
    Proceeding  302        Completed   send:response +J:32000
    Proceeding  408        Completed   send:response +J:32000
    Proceeding  603        Completed   send:response +J:32000
    Proceeding  timer 100  -
    Proceeding  timer J    -
    Proceeding  lost       Terminated  up:transportError end

    Completed   again      Completed   send:response
    Completed   100        -
    Completed   200        -
    Completed   302        -
    Completed   408        -
    Completed   603        -
    Completed   timer 100  -
    Completed   timer J    Terminated  end
    Completed   lost       Terminated  -J up:transportError end

    Terminated  again      -
    Terminated  100        -
    Terminated  200        -
    Terminated  302        -
    Terminated  408        -
    Terminated  603        -
    Terminated  timer 100  -
    Terminated  timer J    -
    Terminated  lost       -
  `,
};

interface Cell {
  readonly state: string;
  readonly event: string;
  readonly next: string;
  readonly effects: string;
}

/** Columns are two spaces or more apart. */
function cellsOf({ cells }: Figure): readonly Cell[] {
  const lines = cells.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [state = '', event = '', next = '', effects = ''] = line.trim().split(/ {2,}/u);
    return { state, event, next: next === '-' ? state : next, effects };
  });
}

/** What an effect is called in the tables. */
function show(effect: Effect): string {
  switch (effect.do) {
    case 'send':
      return `send:${effect.what}`;
    case 'setTimer':
      return `+${effect.timer}:${effect.after}`;
    case 'clearTimer':
      return `-${effect.timer}`;
    case 'toUser':
      return `up:${effect.what}`;
    case 'terminated':
      break;
  }
  return 'end';
}

/** Table 4 of RFC 3261: what of a cell remains over TCP and TLS. */
function overTls({ state, event, next, effects }: Cell): Cell {
  const kept = effects.split(' ').filter((effect) => !/^[-+][AEG](?::|$)/u.test(effect));
  const absorbing = kept.some((effect) => /^\+[DIJK]:/u.test(effect));
  return {
    state,
    event,
    next: absorbing ? 'Terminated' : next,
    effects: kept.map((effect) => (/^\+[DIJK]:/u.test(effect) ? 'end' : effect)).join(' '),
  };
}

const timerNames: readonly TimerName[] = [
  'A',
  'B',
  'D',
  'E',
  'F',
  'G',
  'H',
  'I',
  'J',
  'K',
  'L',
  'M',
  '100',
];

/** A machine, and which of its timers run. */
class Run {
  readonly running = new Set<string>();
  readonly #subject: Subject;

  constructor(figure: Figure, reliable: boolean) {
    this.#subject = figure.make(reliable);
  }

  get machine(): Machine {
    return this.#subject.machine;
  }

  /** The effects of an event. Timers that do not run cannot be stopped: such effects say nothing. */
  after(event: string): string {
    const words: string[] = [];
    for (const effect of this.#effects(event)) {
      if (effect.do === 'clearTimer' && !this.running.delete(effect.timer)) continue;
      if (effect.do === 'setTimer') this.running.add(effect.timer);
      words.push(show(effect));
    }
    return words.join(' ');
  }

  #effects(event: string): Effects {
    if (event === 'start') return this.machine.start();
    if (event === 'lost') return this.machine.transportError();
    const timer = timerNames.find((name) => event === `timer ${name}`);
    if (timer === undefined) return this.#subject.react(event);
    this.running.delete(timer);
    return this.machine.timer(timer);
  }
}

for (const figure of [clientInvite, clientNonInvite, serverInvite, serverNonInvite]) {
  suite(figure.title, () => {
    const cells = cellsOf(figure);

    test('has a cell for every state and event', () => {
      const expected = Object.keys(figure.states).flatMap((state) =>
        figure.events.map((event) => `${state} ${event}`),
      );
      assert.deepEqual(
        cells.map(({ state, event }) => `${state} ${event}`),
        expected,
      );
    });

    for (const reliable of [false, true]) {
      test(`makes every step as drawn over ${reliable ? 'TLS' : 'UDP'}`, () => {
        for (const drawn of cells) {
          if (reliable && /^timer [AEG]$/u.test(drawn.event)) continue;
          const cell = reliable ? overTls(drawn) : drawn;
          const run = new Run(figure, reliable);
          const entry = {
            state: '',
            event: 'start',
            next: run.machine.state,
            effects: figure.entry,
          };
          assert.equal(run.after('start'), (reliable ? overTls(entry) : entry).effects);
          for (const event of figure.states[cell.state] ?? []) run.after(event);
          // Nothing has to be absorbed over TLS: there is no such state to be in.
          if (reliable && run.machine.state !== cell.state) {
            assert.match(cell.state, /^(?:Completed|Confirmed)$/u);
            assert.equal(run.machine.state, 'Terminated');
            continue;
          }
          const step = `${cell.event} in ${cell.state}`;
          assert.equal(run.after(cell.event), cell.effects, `effects of ${step}`);
          assert.equal(run.machine.state, cell.next, `state after ${step}`);
          if (cell.next === 'Terminated') {
            assert.deepEqual([...run.running], [], `timers left after ${step}`);
          }
        }
      });
    }
  });
}

/** What the tables cannot say, because it depends on more than the state. */
const sequences: readonly { figure: Figure; says: string; steps: readonly [string, string][] }[] = [
  {
    figure: clientInvite,
    says: 'timer A doubles without end until something comes',
    steps: [
      ['timer A', 'send:request +A:1000'],
      ['timer A', 'send:request +A:2000'],
      ['timer A', 'send:request +A:4000'],
      ['timer A', 'send:request +A:8000'],
    ],
  },
  {
    figure: clientNonInvite,
    says: 'timer E doubles up to T2, and is T2 after a 100',
    steps: [
      ['timer E', 'send:request +E:1000'],
      ['timer E', 'send:request +E:2000'],
      ['timer E', 'send:request +E:4000'],
      ['timer E', 'send:request +E:4000'],
      ['100', 'up:response'],
      ['timer E', 'send:request +E:4000'],
    ],
  },
  {
    figure: serverInvite,
    says: 'timer G doubles up to T2',
    steps: [
      ['486', '-100 send:response +G:500 +H:32000'],
      ['timer G', 'send:response +G:1000'],
      ['timer G', 'send:response +G:2000'],
      ['timer G', 'send:response +G:4000'],
      ['timer G', 'send:response +G:4000'],
    ],
  },
];

for (const { figure, says, steps } of sequences) {
  test(says, () => {
    const run = new Run(figure, false);
    run.after('start');
    for (const [event, effects] of steps) assert.equal(run.after(event), effects);
  });
}
