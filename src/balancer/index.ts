export * from './constants.ts';
export type {
  Engine,
  EngineContext,
  EngineFactory,
  EngineMember,
  EngineService,
  MemberCounters,
  PassiveSignal,
  Refusals,
  ServiceCounters,
} from './engine.ts';
export { EmbeddedEngine } from './engines/embedded.ts';
export { AffinityTable } from './policy/affinity.ts';
export {
  type FailureCause,
  type HealthEvent,
  type HealthState,
  type MemberHealth,
  type ProbeOutcome,
  rise,
  step,
  unknownHealth,
} from './policy/health.ts';
export {
  type Candidate,
  Scheduler,
  type Scheduling,
  type SlowStart,
  weightOf,
} from './policy/scheduling.ts';
export { selectMember } from './policy/selection.ts';
export {
  BalancerServer,
  type BalancerOptions,
  type HealthChange,
  healthChanges,
} from './server.ts';
export type { BalancerStatus, MemberStatus, ServiceStatus } from './status.ts';
export { type ProbeTarget, probeTargets, serviceKey } from './targets.ts';
