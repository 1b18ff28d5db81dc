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

/** On the proxy core; `calls` says where bob, or each of several, is reached. */
export function proxied(
  rule: string,
  script: string,
  calls?: string | Readonly<Record<string, string>>,
): Scenario {
  const table = typeof calls === 'string' ? { bob: calls } : calls;
  return { rule, on: 'proxy', script, ...(table === undefined ? {} : { calls: table }) };
}

/** On the Front End. */
export function homed(rule: string, script: string): Scenario {
  return { rule, on: 'front-end', script };
}

/** On the Front End, for plain contacts and for flows. */
export function twinned(rule: string, script: string): Scenario {
  return { rule, on: 'front-end', script, twin: true };
}
