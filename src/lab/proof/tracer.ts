import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Probe } from '#firewall';
import type { DecidingRule } from '#proof';
import type { Agent } from '../agent/agent.ts';
import type { Marks, Way } from '../plan/index.ts';
import { observerTable } from './observer.ts';
import { decidedBy, rowOfComment } from './trace.ts';

/** Milliseconds a packet may take to show in the trace; then another one is sent. */
const patience = 400;

/** Listens to what the kernel of one namespace says about traced packets. */
export class Tracer {
  readonly #monitor: ChildProcess;
  readonly #marks: Marks;
  #output = '';

  constructor(namespace: string, marks: Marks) {
    this.#marks = marks;
    this.#monitor = spawn('ip', ['netns', 'exec', namespace, 'nft', 'monitor', 'trace'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#monitor.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
    this.#monitor.on('error', () => {});
  }

  /**
   * Sends the probe again, from fresh source ports until the kernel tells what became of it: the first
   * ones may come before it listens. Undefined when it never tells.
   */
  async decide(agent: Agent, way: Way, probe: Probe): Promise<DecidingRule | undefined> {
    const { source, destination, protocol, port } = probe;
    for (let tries = 0; tries < this.#marks.tracesEach; tries++) {
      const mark = this.#marks.traces[way] + tries;
      this.#output = '';
      await agent.emit({
        kind: 'emit',
        mark,
        protocols: [protocol],
        sources: [source],
        destinations: [destination],
        ports: [[port, port]],
      });
      for (let waited = 0; waited < patience; waited += 20) {
        const decided = decidedBy(this.#output, { sourcePort: mark, port }, observerTable);
        if (decided !== undefined && this.#output.endsWith('\n')) {
          const comment = decided.rule ?? '';
          return { rule: decided.rule === undefined ? 'policy' : rowOfComment(comment), comment };
        }
        await pause(20);
      }
    }
    return undefined;
  }

  async close(): Promise<void> {
    if (this.#monitor.exitCode !== null || this.#monitor.signalCode !== null) return;
    const ended = once(this.#monitor, 'exit');
    this.#monitor.kill('SIGKILL');
    await ended;
  }
}
