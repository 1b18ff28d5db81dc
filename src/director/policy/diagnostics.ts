/**
 * The reasons a request is refused, with the numbers administrators of this kind of deployment search
 * their logs for (`ms-diagnostics`, registry MS-OCER).
 */
export const diagnostics = {
  unknownUser: { id: 1003, reason: 'User does not exist' },
  foreignDomain: { id: 1005, reason: 'Cannot route to destination domain' },
  unreachable: { id: 1007, reason: 'Temporarily cannot route' },
  untrustedPeer: { id: 1010, reason: 'Certificate trust with next hop server could not be used' },
  notEnabled: { id: 4003, reason: 'From URI is not enabled for remote access' },
  notAuthorized: {
    id: 4004,
    reason: 'Credentials provided are not authorized to act as specified from URI',
  },
  targetNotEnabled: {
    id: 4005,
    reason: 'Destination URI either not enabled for SIP or does not exist',
  },
  notInPool: { id: 4006, reason: 'User not found in pool' },
} as const;
export type Diagnosis = keyof typeof diagnostics;

/** The header `ms-diagnostics: id;reason="text";source="fqdn"`, ready for a response. */
export function diagnosticsHeader(diagnosis: Diagnosis, source: string): [string, string] {
  const { id, reason } = diagnostics[diagnosis];
  return ['ms-diagnostics', `${id};reason="${reason}";source="${source}"`];
}

/** An outcome that ends the request with an answer. */
export interface Refusal {
  readonly kind: 'respond';
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly [string, string][];
}

/** A refusal that says why, on behalf of the host `source`. */
export function refuse(
  status: number,
  reason: string,
  diagnosis: Diagnosis,
  source: string,
  headers: readonly [string, string][] = [],
): Refusal {
  return {
    kind: 'respond',
    status,
    reason,
    headers: [...headers, diagnosticsHeader(diagnosis, source)],
  };
}
