import * as z from 'zod';
import { levels } from './level.ts';
import { recordKinds, type LogRecord } from './record.ts';
import { bodyPolicies } from './policy.ts';
import { processStatus } from './process-shape.ts';
import { isScenario } from './scenario-file.ts';
import { longestDuration, scenarioName, scenarioNameForm, type Scenario } from './scenario.ts';

export { searchCriteria } from './criteria.ts';

/*
 * The contract between controller and agents: HTTP/1.1 and JSON over mutual TLS. Loaded with the first
 * request: no host needs it to start.
 */

const name = z.string().regex(scenarioName, scenarioNameForm);
const scenario = z.custom<Scenario>(isScenario);

/** Milliseconds, from now. */
const duration = z.int().min(1000).max(longestDuration);

export const startRequest = z.strictObject({
  name,
  level: z.enum(levels).optional(),
  bodies: z.enum(bodyPolicies).optional(),
  uri: z.string().min(1).max(512).optional(),
  duration: duration.optional(),
});
export type StartRequest = z.infer<typeof startRequest>;

export const stopRequest = z.strictObject({ name });
export type StopRequest = z.infer<typeof stopRequest>;

/** Without a name: every running scenario that has an end. */
export const updateRequest = z.strictObject({ name: name.optional(), duration });
export type UpdateRequest = z.infer<typeof updateRequest>;

/** What control answers: what was done, and what runs now. */
export const controlAnswer = z.object({
  changed: z.array(z.string()).readonly(),
  scenarios: z.array(scenario).readonly(),
});
export type ControlAnswer = z.infer<typeof controlAnswer>;

/** What the status listener answers: the host, its processes taken together. */
export const agentStatus = processStatus.extend({
  host: z.string(),
  role: z.enum(['director', 'frontEnd', 'edge', 'reverseProxy', 'balancer', 'trustedPeer']),
  /** `recording`: some scenario runs and the store takes records; `failing`: it does not take them. */
  state: z.enum(['recording', 'stopped', 'failing']),
  scenarios: z.array(scenario).readonly(),
  store: z.object({
    segments: z.number(),
    bytes: z.number(),
    /** Milliseconds since the epoch. */
    oldest: z.number().nullable(),
    restarts: z.number(),
    failure: z.string().nullable(),
  }),
  /** Each process by itself, when there are several; agents of before do not say. */
  workers: z.array(processStatus).readonly().optional(),
});
export type AgentStatus = z.infer<typeof agentStatus>;

/** An error answer of any listener. */
export const errorAnswer = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

const record = z.object({
  kind: z.enum(recordKinds),
  level: z.enum(levels),
  at: z.number(),
  sequence: z.number(),
  host: z.string(),
  writer: z.string(),
  direction: z.enum(['in', 'out']),
  local: z.string(),
  remote: z.string(),
  peer: z.string(),
  label: z.string(),
  method: z.string(),
  status: z.number(),
  callId: z.string(),
  cseq: z.number(),
  from: z.string(),
  to: z.string(),
  branch: z.string(),
  size: z.number(),
  bodyLength: z.number(),
  head: z.string(),
  body: z.string().nullable(),
});

const streamEnd = z.object({
  records: z.number(),
  truncated: z.boolean(),
  damaged: z.array(z.string()),
});
/** The last line of a search; a stream without it broke off. */
export type StreamEnd = z.infer<typeof streamEnd>;

/** One line of a search or of following. */
export const streamLine = z.union([
  z.object({ record }),
  z.object({ end: streamEnd }),
  z.object({ error: z.string() }),
  z.object({ alive: z.number() }),
]);
export type StreamLine =
  | { readonly record: LogRecord }
  | { readonly end: StreamEnd }
  | { readonly error: string }
  | { readonly alive: number };
