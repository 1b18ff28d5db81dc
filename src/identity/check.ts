import { findPool, servesDomain, type Topology } from '#topology';
import { splitAor } from './verifier.ts';

/** What is wrong with a value a person gave, without saying where. */
export interface Complaint {
  readonly code: string;
  readonly found: string;
  readonly allowed: string;
  readonly remedy: string;
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly complaint: Complaint };

function wrong<T>(code: string, found: string, allowed: string, remedy: string): Checked<T> {
  return { ok: false, complaint: { code, found, allowed, remedy } };
}

/**
 * An address-of-record as people write it (`alice@contoso.com`, `sip:Alice@contoso.com`), in the form the
 * directory keeps: lower case, no scheme, a domain the topology serves. No colon, since a Digest username
 * has none (RFC 7616 3.4.2).
 */
export function checkAor(text: string, topology: Topology): Checked<string> {
  const aor = text
    .trim()
    .replace(/^sips?:/iu, '')
    .toLowerCase();
  const { local, domain } = splitAor(aor);
  if (!/^[^\s@:"<>\\\p{Cc}]{1,128}$/u.test(local)) {
    return wrong(
      'address',
      `"${text}" is no address`,
      'user@domain',
      'Write the address as it stands after "sip:".',
    );
  }
  if (!servesDomain(topology, domain)) {
    return wrong(
      'foreign-domain',
      `"${domain}" is no SIP domain of this deployment`,
      topology.sipDomains.join(', '),
      'Correct the domain, or add it to sipDomains in the topology.',
    );
  }
  return { ok: true, value: aor };
}

/** The FQDN of a Front End pool of the topology, lower case. */
export function checkHomePool(text: string, topology: Topology): Checked<string> {
  const name = text.trim().toLowerCase();
  if (findPool(topology, name)?.role === 'frontEnd') return { ok: true, value: name };
  const pools = topology.pools.filter(({ role }) => role === 'frontEnd').map(({ fqdn }) => fqdn);
  return wrong(
    'unknown-pool',
    `"${text}" is no Front End pool of this deployment`,
    pools.join(', '),
    'Name the pool the user is to register with.',
  );
}

/** A name people see; one line, so that it can neither forge a header nor play with a terminal. */
export function checkDisplayName(text: string): Checked<string> {
  const name = text.trim();
  if (/^\P{Cc}{1,256}$/u.test(name)) return { ok: true, value: name };
  return wrong(
    'display-name',
    'a display name is empty, too long or holds control characters',
    '1 to 256 characters on one line',
    'Give another name, or none.',
  );
}

/** A password that a client can be given: not empty, one line. The complaint never shows it. */
export function checkPassword(text: string): Checked<string> {
  if (/^\P{Cc}{1,256}$/u.test(text)) return { ok: true, value: text };
  return wrong(
    'password',
    'a password is empty, too long or holds control characters',
    '1 to 256 characters on one line',
    'Give another password.',
  );
}
