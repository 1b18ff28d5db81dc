export { admit, refusals, type Admission, type Refusal, type RefusalCode } from './admission.ts';
export { TlsDialler } from './dialler.ts';
export { loadCredentials, type Credentials, type Finding } from './credentials.ts';
export { namesOf, type CertificateNames } from './names.ts';
export {
  bringsItsOwn,
  ensurePki,
  issueHost,
  revokeCertificates,
  type HostState,
  type PkiReport,
  type RevocationTarget,
} from './pki.ts';
export { reasonNames, type Revocation, type RevocationReason } from './revocation.ts';
export { importCertificate, requestCertificate, type ImportFiles } from './outside.ts';
export { inventory, type HostInventory, type Inventory } from './inventory.ts';
export { createAuthority, issueCertificate, type KeyAndCertificate } from './authority.ts';
export { reloadable, retire, revocationOfPeer, type Reloadable } from './reload.ts';
export { SipTrust } from './sip-trust.ts';
export { deriveKey, poolSecret, readPoolSecret } from './secret.ts';
export {
  makePrivateDirectory,
  pkiPaths,
  readIfThere,
  writeAtomically,
  type PkiPaths,
} from './store.ts';
export { ticketEpoch, ticketKeys } from './tickets.ts';
export { clientTls, explainDialError, serverTls, sourceFor, type DialTarget } from './tls.ts';
