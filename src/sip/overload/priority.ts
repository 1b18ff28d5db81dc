import type { SipRequest } from '../message/index.ts';

/** What is shed first when there is too much of everything. */
export type Priority = 'new' | 'dialog' | 'emergency';

/** `urn:service:sos` and its sub-services, such as `urn:service:sos.fire` (RFC 5031 4.2); letters of either case. */
const sos = /^urn:service:sos(?:\.|$)/iu;

/**
 * True for a request that says it is an emergency: by its Request-URI, its To, or its Priority (RFC 3261
 * 20.26). Anybody may write that; it counts only from those who are believed.
 */
export function saysEmergency(request: SipRequest): boolean {
  return (
    sos.test(request.requestUri) ||
    sos.test(request.to.uri) ||
    request.header('Priority')?.trim().toLowerCase() === 'emergency'
  );
}

/** True for a request of a dialog that was let in before: refusing it ends what people are in the middle of. */
export function isOfDialog(request: SipRequest): boolean {
  return request.method !== 'REGISTER' && request.to.tag !== undefined;
}
