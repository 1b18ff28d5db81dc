import type { DigestAlgorithm, UsernameForm } from './verifier.ts';

/** A person (or room, or machine) that signs in and can be called. */
export interface User {
  /** Address-of-record `local@domain`, lower case; the domain is one of the topology's SIP domains. */
  readonly aor: string;
  readonly displayName: string;
  /** FQDN of the Front End pool the user registers with. */
  readonly homePool: string;
  /** A disabled user keeps everything but the right to sign in. */
  readonly enabled: boolean;
}

/** Digest verifiers (HA1, hexadecimal) of one user; whoever has one can sign in as the user: a secret. */
export type Verifiers = Readonly<
  Partial<Record<DigestAlgorithm, Readonly<Partial<Record<UsernameForm, string>>>>>
>;

/** A user to be written, with new verifiers or, when undefined, the ones already stored. */
export interface UserRecord extends User {
  readonly verifiers?: Verifiers | undefined;
}

/**
 * Where users are looked up. Names are compared without regard to case, as people type them. An
 * implementation that has to wait (LDAP, SQL) returns promises; one that does not returns values.
 */
export interface UserDirectory {
  /** The user of an address-of-record; undefined when there is none. */
  find(aor: string): User | undefined | Promise<User | undefined>;
  /**
   * The HA1 of a user for an algorithm and the form of the username the client used (default `local`);
   * undefined when there is no such user or no such verifier.
   */
  verifier(
    aor: string,
    algorithm: DigestAlgorithm,
    form?: UsernameForm,
  ): string | undefined | Promise<string | undefined>;
  close(): void;
}
