import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ClientInvite } from './client-invite.ts';
import { ClientNonInvite } from './client-non-invite.ts';
import type { Effect, Effects } from './effects.ts';
import { ServerInvite } from './server-invite.ts';
import { ServerNonInvite } from './server-non-invite.ts';
import type { TimerName } from './timers.ts';

/**
 * A script is `event state effects` a line, in the words of the RFC figures. Events: `start`, a
 * status (response received, or given by the user), `again` (retransmission), `ack`, `lost`
 * (transport error), `timer X`. Effects: `send:x`, `+X:ms` and `-X` for timers, `up:x`, `end`.
 */
type Script = readonly (readonly [event: string, state: string, effects: string])[];

interface Machine {
  readonly state: string;
  start(): Effects;
  timer(name: TimerName): Effects;
  transportError(): Effects;
}

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

/** Timers that do not run cannot be stopped: such effects say nothing and are left out. */
function shown(effects: Effects, running: Set<string>): string {
  const words: string[] = [];
  for (const effect of effects) {
    if (effect.do === 'clearTimer' && !running.delete(effect.timer)) continue;
    if (effect.do === 'setTimer') running.add(effect.timer);
    words.push(show(effect));
  }
  return words.join(' ');
}

function run(
  machine: Machine,
  script: Script,
  react: (event: string, status: number) => Effects,
): void {
  const running = new Set<string>();
  for (const [event, state, effects] of script) {
    const before = `${event} in ${machine.state}`;
    let result: Effects;
    if (event === 'start') result = machine.start();
    else if (event === 'lost') result = machine.transportError();
    else if (event.startsWith('timer ')) {
      const name = timerNames.find((known) => known === event.slice(6));
      assert.ok(name, event);
      running.delete(name);
      result = machine.timer(name);
    } else result = react(event, Number(event));
    assert.equal(shown(result, running), effects, `effects of ${before}`);
    assert.equal(machine.state, state, `state after ${before}`);
    if (state === 'Terminated') assert.deepEqual([...running], [], `timers left after ${before}`);
  }
}

const clientInvite: Record<string, { reliable: boolean; script: Script }> = {
  'over TLS: ringing, then accepted; further 2xx go up until timer M': {
    reliable: true,
    script: [
      ['start', 'Calling', 'send:request +B:32000'],
      ['100', 'Proceeding', '-B up:response'],
      ['180', 'Proceeding', 'up:response'],
      ['200', 'Accepted', 'up:response +M:32000'],
      ['200', 'Accepted', 'up:response'],
      ['180', 'Accepted', ''],
      ['486', 'Accepted', ''],
      ['timer M', 'Terminated', 'end'],
      ['200', 'Terminated', ''],
    ],
  },
  'over TLS: a refusal is acknowledged and ends it at once, for timer D is 0': {
    reliable: true,
    script: [
      ['start', 'Calling', 'send:request +B:32000'],
      ['486', 'Terminated', '-B send:ack up:response end'],
      ['486', 'Terminated', ''],
    ],
  },
  'over TLS: a 2xx without anything before it': {
    reliable: true,
    script: [
      ['start', 'Calling', 'send:request +B:32000'],
      ['200', 'Accepted', '-B up:response +M:32000'],
      ['lost', 'Terminated', '-M end'],
    ],
  },
  'over TLS: nobody answers before timer B': {
    reliable: true,
    script: [
      ['start', 'Calling', 'send:request +B:32000'],
      ['timer B', 'Terminated', 'up:timeout end'],
    ],
  },
  'over TLS: the connection breaks while it rings': {
    reliable: true,
    script: [
      ['start', 'Calling', 'send:request +B:32000'],
      ['183', 'Proceeding', '-B up:response'],
      ['timer B', 'Proceeding', ''],
      ['lost', 'Terminated', 'up:transportError end'],
      ['lost', 'Terminated', ''],
    ],
  },
  'over UDP: retransmits at 0.5, 1.5, 3.5 s until something comes': {
    reliable: false,
    script: [
      ['start', 'Calling', 'send:request +A:500 +B:32000'],
      ['timer A', 'Calling', 'send:request +A:1000'],
      ['timer A', 'Calling', 'send:request +A:2000'],
      ['timer A', 'Calling', 'send:request +A:4000'],
      ['timer A', 'Calling', 'send:request +A:8000'],
      ['100', 'Proceeding', '-A -B up:response'],
      ['timer A', 'Proceeding', ''],
    ],
  },
  'over UDP: a retransmitted refusal is acknowledged again until timer D': {
    reliable: false,
    script: [
      ['start', 'Calling', 'send:request +A:500 +B:32000'],
      ['404', 'Completed', '-A -B send:ack up:response +D:32000'],
      ['404', 'Completed', 'send:ack'],
      ['180', 'Completed', ''],
      ['200', 'Completed', ''],
      ['timer D', 'Terminated', 'end'],
    ],
  },
  'over UDP: the ACK cannot be sent': {
    reliable: false,
    script: [
      ['start', 'Calling', 'send:request +A:500 +B:32000'],
      ['503', 'Completed', '-A -B send:ack up:response +D:32000'],
      ['lost', 'Terminated', '-D up:transportError end'],
    ],
  },
};

const clientNonInvite: Record<string, { reliable: boolean; script: Script }> = {
  'over TLS: the answer ends it at once, for timer K is 0': {
    reliable: true,
    script: [
      ['start', 'Trying', 'send:request +F:32000'],
      ['100', 'Proceeding', 'up:response'],
      ['200', 'Terminated', '-F up:response end'],
      ['200', 'Terminated', ''],
    ],
  },
  'over TLS: timer F runs on after a 100': {
    reliable: true,
    script: [
      ['start', 'Trying', 'send:request +F:32000'],
      ['100', 'Proceeding', 'up:response'],
      ['timer F', 'Terminated', 'up:timeout end'],
    ],
  },
  'over TLS: the connection breaks': {
    reliable: true,
    script: [
      ['start', 'Trying', 'send:request +F:32000'],
      ['lost', 'Terminated', '-F up:transportError end'],
    ],
  },
  'over UDP: intervals double up to T2, and are T2 after a 100': {
    reliable: false,
    script: [
      ['start', 'Trying', 'send:request +E:500 +F:32000'],
      ['timer E', 'Trying', 'send:request +E:1000'],
      ['timer E', 'Trying', 'send:request +E:2000'],
      ['timer E', 'Trying', 'send:request +E:4000'],
      ['timer E', 'Trying', 'send:request +E:4000'],
      ['100', 'Proceeding', 'up:response'],
      ['timer E', 'Proceeding', 'send:request +E:4000'],
      ['404', 'Completed', '-E -F up:response +K:5000'],
      ['404', 'Completed', ''],
      ['timer K', 'Terminated', 'end'],
    ],
  },
};

const serverInvite: Record<string, { reliable: boolean; script: Script }> = {
  'over TLS: accepted; the user may send further 2xx until timer L': {
    reliable: true,
    script: [
      ['start', 'Proceeding', '+100:200'],
      ['again', 'Proceeding', ''],
      ['100', 'Proceeding', '-100 send:response'],
      ['timer 100', 'Proceeding', ''],
      ['again', 'Proceeding', 'send:response'],
      ['180', 'Proceeding', 'send:response'],
      ['200', 'Accepted', 'send:response +L:32000'],
      ['again', 'Accepted', ''],
      ['200', 'Accepted', 'send:response'],
      ['486', 'Accepted', ''],
      ['ack', 'Accepted', 'up:ack'],
      ['timer L', 'Terminated', 'end'],
      ['200', 'Terminated', ''],
    ],
  },
  'over TLS: the ACK of a refusal ends it at once, for timer I is 0': {
    reliable: true,
    script: [
      ['start', 'Proceeding', '+100:200'],
      ['ack', 'Proceeding', ''],
      ['407', 'Completed', '-100 send:response +H:32000'],
      ['again', 'Completed', 'send:response'],
      ['200', 'Completed', ''],
      ['ack', 'Terminated', '-H end'],
      ['ack', 'Terminated', ''],
    ],
  },
  'over TLS: says 100 by itself after 200 ms without a word from the user': {
    reliable: true,
    script: [
      ['start', 'Proceeding', '+100:200'],
      ['timer 100', 'Proceeding', 'send:trying'],
      ['again', 'Proceeding', 'send:response'],
      ['200', 'Accepted', 'send:response +L:32000'],
    ],
  },
  'over TLS: a refusal nobody acknowledges ends with timer H': {
    reliable: true,
    script: [
      ['486', 'Completed', 'send:response +H:32000'],
      ['timer H', 'Terminated', 'up:timeout end'],
    ],
  },
  'over TLS: a response that cannot be sent leaves the timers to end it': {
    reliable: true,
    script: [
      ['486', 'Completed', 'send:response +H:32000'],
      ['lost', 'Completed', 'up:transportError'],
      ['timer H', 'Terminated', 'up:timeout end'],
      ['lost', 'Terminated', ''],
    ],
  },
  'over UDP: the refusal is repeated, up to every T2, until the ACK; then timer I': {
    reliable: false,
    script: [
      ['486', 'Completed', 'send:response +G:500 +H:32000'],
      ['timer G', 'Completed', 'send:response +G:1000'],
      ['timer G', 'Completed', 'send:response +G:2000'],
      ['timer G', 'Completed', 'send:response +G:4000'],
      ['timer G', 'Completed', 'send:response +G:4000'],
      ['ack', 'Confirmed', '-G -H +I:5000'],
      ['again', 'Confirmed', ''],
      ['ack', 'Confirmed', ''],
      ['timer I', 'Terminated', 'end'],
    ],
  },
};

const serverNonInvite: Record<string, { reliable: boolean; script: Script }> = {
  'over TLS: the answer ends it at once, for timer J is 0': {
    reliable: true,
    script: [
      ['start', 'Trying', '+100:3500'],
      ['again', 'Trying', ''],
      ['200', 'Terminated', '-100 send:response end'],
      ['again', 'Terminated', ''],
      ['404', 'Terminated', ''],
    ],
  },
  'over TLS: says 100 by itself when timer E of its client has reached T2 (RFC 4320)': {
    reliable: true,
    script: [
      ['start', 'Trying', '+100:3500'],
      ['timer 100', 'Proceeding', 'send:trying'],
      ['again', 'Proceeding', 'send:response'],
      ['200', 'Terminated', 'send:response end'],
    ],
  },
  'over TLS: a response that cannot be sent ends it': {
    reliable: true,
    script: [
      ['start', 'Trying', '+100:3500'],
      ['lost', 'Terminated', '-100 up:transportError end'],
      ['lost', 'Terminated', ''],
    ],
  },
  'over UDP: the answer is repeated to retransmissions until timer J': {
    reliable: false,
    script: [
      ['start', 'Trying', '+100:3500'],
      ['100', 'Proceeding', '-100 send:response'],
      ['again', 'Proceeding', 'send:response'],
      ['200', 'Completed', 'send:response +J:32000'],
      ['again', 'Completed', 'send:response'],
      ['500', 'Completed', ''],
      ['timer J', 'Terminated', 'end'],
    ],
  },
};

suite('INVITE client transaction (RFC 3261 figure 5, RFC 6026)', () => {
  for (const [name, { reliable, script }] of Object.entries(clientInvite)) {
    test(name, () => {
      const machine = new ClientInvite(reliable);
      run(machine, script, (_event, status) => machine.response(status));
    });
  }
});

suite('non-INVITE client transaction (RFC 3261 figure 6)', () => {
  for (const [name, { reliable, script }] of Object.entries(clientNonInvite)) {
    test(name, () => {
      const machine = new ClientNonInvite(reliable);
      run(machine, script, (_event, status) => machine.response(status));
    });
  }
});

suite('INVITE server transaction (RFC 3261 figure 7, RFC 6026)', () => {
  for (const [name, { reliable, script }] of Object.entries(serverInvite)) {
    test(name, () => {
      const machine = new ServerInvite(reliable);
      run(machine, script, (event, status) => {
        if (event === 'again') return machine.retransmission();
        return event === 'ack' ? machine.ack() : machine.respond(status);
      });
    });
  }
});

suite('non-INVITE server transaction (RFC 3261 figure 8, RFC 4320)', () => {
  for (const [name, { reliable, script }] of Object.entries(serverNonInvite)) {
    test(name, () => {
      const machine = new ServerNonInvite(reliable);
      run(machine, script, (event, status) =>
        event === 'again' ? machine.retransmission() : machine.respond(status),
      );
    });
  }
});
