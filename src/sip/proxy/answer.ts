import { buildResponse } from '../message/index.ts';
import type { SipRequest, SipResponse } from '../message/index.ts';
import type { ResponseHeaders } from './model.ts';

/** A response made here. */
export interface Answer {
  readonly status: number;
  readonly reason?: string;
  readonly headers?: ResponseHeaders;
  readonly body?: Uint8Array | string;
}

/**
 * Builds a response made here. `stampedVia` takes the place of the topmost Via. Throws
 * `SipSyntaxError` when a header or the reason is none.
 */
export function buildAnswer(
  request: SipRequest,
  answer: Answer,
  stampedVia: string | undefined,
): SipResponse {
  const { status, reason, headers, body } = answer;
  return buildResponse(request, status, reason, {
    headers,
    topVia: stampedVia,
    body: typeof body === 'string' ? Buffer.from(body) : body,
  });
}
