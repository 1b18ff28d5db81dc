/** Users: who they are, where they are homed, and how they prove it. */
export {
  type Checked,
  type Complaint,
  checkAor,
  checkDisplayName,
  checkHomePool,
  checkPassword,
} from './check.ts';
export { type DemoUser, createDemoUsers } from './demo.ts';
export { type ChallengeAnswer, answerChallenge } from './digest/answer.ts';
export {
  DigestAuthority,
  type DigestAuthorityOptions,
  type SignInAttempt,
  type SignInRefusal,
  type SignInVerdict,
  nonceLifetime,
} from './digest/authority.ts';
export { knowsOnlyMd5, md5OnlyClients } from './digest/clients.ts';
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
export {
  type DigestAlgorithm,
  type UsernameForm,
  digestAlgorithms,
  ha1,
  splitAor,
  usernameForms,
  verifiersOf,
} from './verifier.ts';
