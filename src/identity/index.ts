/** Users: who they are, where they are homed, and how they prove it. */
export { type Checked, checkAor, checkDisplayName, checkHomePool, checkPassword } from './check.ts';
export { type DemoUser, createDemoUsers } from './demo.ts';
export { type ChallengeAnswer, answerChallenge } from './digest/answer.ts';
export {
  DigestAuthority,
  type DigestAuthorityOptions,
  type SignInAttempt,
  type SignInRefusal,
  type SignInVerdict,
} from './digest/authority.ts';
export { NonceCounts } from './digest/nonce-counts.ts';
export {
  type ImportFormat,
  type ImportOptions,
  type ImportResult,
  importFormats,
  importUsers,
} from './import/users.ts';
export { serversFor } from './placement.ts';
export { SqliteUserDirectory } from './store.ts';
export type { User, UserDirectory, UserRecord, Verifiers } from './user.ts';
export { type DigestAlgorithm, ha1, splitAor, verifiersOf } from './verifier.ts';
