export {
  type FailureCause,
  type HealthEvent,
  type HealthState,
  type MemberHealth,
  type ProbeOutcome,
} from './policy/health.ts';
export { readRecord, type BalancerMemory, type BalancerRecord } from './memory.ts';
export {
  BalancerServer,
  type BalancerOptions,
  type HealthChange,
  healthChanges,
} from './server.ts';
export { engineNamed } from './engines/index.ts';
export { isBalancerStatus } from './status.ts';
export { idleChains, type IdleChain, type IdleHop } from './policy/idle-timers.ts';
export { balancerExports } from './on-demand.ts';
export { type VipMove, vipMoves } from './vip-watch.ts';
export type { ProbeFiles } from './exports/target.ts';
export type { BalancerStatus, MemberStatus, ServiceStatus } from './status.ts';
