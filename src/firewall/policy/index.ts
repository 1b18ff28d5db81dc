export { expiringFlows, locksOut } from './notices.ts';
export type { Expiry } from './notices.ts';
export { deviceNames, policyOf, ruleSetOf } from './policy.ts';
export type { PolicyOptions } from './policy.ts';
export { planOn } from './site.ts';
