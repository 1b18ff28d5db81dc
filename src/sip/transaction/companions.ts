import { buildRequest } from '../message/index.ts';
import type { HeaderField, SipRequest, SipResponse } from '../message/index.ts';

/** Max-Forwards of a request this host makes (RFC 3261 8.1.1.6). */
export const initialMaxForwards = 70;

/** The ACK of a refused INVITE, hop by hop (RFC 3261 17.1.1.3). */
export function ackFor(invite: SipRequest, response: SipResponse): SipRequest {
  return companion(invite, 'ACK', response.header('To') ?? '');
}

/** The CANCEL of a pending INVITE, hop by hop (RFC 3261 9.1); `reason` as RFC 3326 has it. */
export function cancelFor(invite: SipRequest, reason?: string): SipRequest {
  const more: readonly HeaderField[] = reason === undefined ? [] : [['Reason', reason]];
  return companion(invite, 'CANCEL', invite.header('To') ?? '', more);
}

/** A request that goes where its INVITE went: same branch, Request-URI, Call-ID, From and Routes. */
function companion(
  invite: SipRequest,
  method: string,
  to: string,
  more: readonly HeaderField[] = [],
): SipRequest {
  const headers: HeaderField[] = [['Via', invite.values('Via')[0] ?? '']];
  for (const route of invite.headers('Route')) headers.push(['Route', route]);
  headers.push(
    ['Max-Forwards', String(initialMaxForwards)],
    ['From', invite.header('From') ?? ''],
    ['To', to],
    ['Call-ID', invite.callId],
    ['CSeq', `${invite.cseq.number} ${method}`],
    ...more,
  );
  return buildRequest({ method, uri: invite.requestUri, headers });
}
