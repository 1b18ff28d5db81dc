import { decide, ruleSetOf, unfold } from '#firewall';
import type { FlatRule, Probe } from '#firewall';
import type { Plan } from '#ports';
import type { LabNetwork, Router, Segment, Station } from './network.ts';

/** One device that filters a connection, and the direction in which it does. */
interface Gate {
  readonly device: string;
  readonly direction: 'in' | 'out' | 'forward';
}

/** Where a station has an address, and on which wire. */
function wireOf(network: LabNetwork, station: Station, address: string): Segment | undefined {
  const port = station.ports.find(({ addresses }) => addresses.includes(address));
  return port === undefined ? undefined : network.segments[port.segment];
}

/** What stands between two wires: nothing, a firewall, or no way at all. */
function between(from: Segment, to: Segment): readonly Router[] | undefined {
  if (from.index === to.index) return [];
  return from.router === to.router ? [from.router] : undefined;
}

/** What the port table says of connections between two stations of a lab, all devices on the way together. */
export class Paths {
  readonly #plan: Plan;
  readonly #network: LabNetwork;
  readonly #rules = new Map<string, readonly FlatRule[]>();

  constructor(plan: Plan, network: LabNetwork) {
    this.#plan = plan;
    this.#network = network;
  }

  /**
   * The row that lets a connection pass every device on the way, as the last of them names it; undefined
   * when one is to drop it, or there is no way.
   */
  rowOf(from: Station, to: Station, probe: Probe): string | undefined {
    const first = wireOf(this.#network, from, probe.source);
    const last = wireOf(this.#network, to, probe.destination);
    const routers = first && last && between(first, last);
    if (routers === undefined) return undefined;
    const gates: readonly Gate[] = [
      ...(from.host === undefined ? [] : [{ device: from.name, direction: 'out' as const }]),
      ...routers.map((device) => ({ device, direction: 'forward' as const })),
      ...(to.host === undefined ? [] : [{ device: to.name, direction: 'in' as const }]),
    ];
    const decisions = gates.map((gate) => decide(this.#rulesOf(gate), probe));
    return decisions.every(({ admitted }) => admitted) ? decisions.at(-1)?.rule?.id : undefined;
  }

  #rulesOf({ device, direction }: Gate): readonly FlatRule[] {
    const key = `${device} ${direction}`;
    let rules = this.#rules.get(key);
    if (rules === undefined) {
      rules = unfold(ruleSetOf(this.#plan, device), direction);
      this.#rules.set(key, rules);
    }
    return rules;
  }
}
