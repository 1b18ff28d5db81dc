export { deviceNames, policyOf, ruleSetOf } from './policy.ts';
export type { PolicyOptions } from './policy.ts';
