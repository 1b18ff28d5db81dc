import type { Setting } from './stage.ts';

/** A named piece of behaviour. */
export interface Scenario {
  /** What is expected, and which rule says so. */
  readonly rule: string;
  readonly on: Setting['on'];
  readonly calls?: Setting['calls'];
  /** Played a second time, as `<name>WithOutbound`, by clients that register flows. */
  readonly twin?: boolean;
  readonly script: string;
}

export type Scenarios = Readonly<Record<string, Scenario>>;

/** On the proxy core: bob is bob, or whoever `calls` says. */
export function proxied(rule: string, script: string, bob?: string): Scenario {
  return { rule, on: 'proxy', script, ...(bob === undefined ? {} : { calls: { bob } }) };
}

/** On the Front End. */
export function homed(rule: string, script: string): Scenario {
  return { rule, on: 'front-end', script };
}

/** On the Front End, for plain contacts and for flows. */
export function twinned(rule: string, script: string): Scenario {
  return { rule, on: 'front-end', script, twin: true };
}
