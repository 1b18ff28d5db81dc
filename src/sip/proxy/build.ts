import { edit } from '../message/index.ts';
import type { HeaderEdit, SipRequest } from '../message/index.ts';
import { initialMaxForwards } from '../transaction/companions.ts';
import type { ForwardPlan, Target } from './model.ts';
import { yieldToStrictRouter } from './route.ts';

/** What of a forwarded request does not depend on the branch. */
export interface ForwardFrame {
  readonly request: SipRequest;
  readonly plan: ForwardPlan;
  /** The topmost Via with `received` and `rport`, where it needs them. */
  readonly stampedVia: string | undefined;
}

/**
 * The copy of a request that goes out on one branch (RFC 3261 16.6): the plan's and the target's
 * edits, Max-Forwards one less, Max-Breadth, our Via on top. Throws `SipSyntaxError` when an edit is
 * no header.
 */
export function forwardedRequest(
  frame: ForwardFrame,
  target: Target,
  via: string,
  breadth: number,
): SipRequest {
  const { request, plan, stampedVia } = frame;
  const hopsLeft = request.maxForwards;
  const edits: HeaderEdit[] = [];
  if (stampedVia !== undefined) edits.push({ op: 'replaceFirstVia', value: stampedVia });
  if (target.requestUri !== undefined) edits.push({ op: 'requestUri', value: target.requestUri });
  if (plan.edits !== undefined) edits.push(...plan.edits);
  if (target.edits !== undefined) edits.push(...target.edits);
  edits.push(
    {
      op: 'set',
      name: 'Max-Forwards',
      value: String(hopsLeft === undefined ? initialMaxForwards : hopsLeft - 1),
    },
    { op: 'set', name: 'Max-Breadth', value: String(breadth) },
    { op: 'prepend', name: 'Via', value: via },
  );
  const forwarded = edit(request, edits);
  // Looking into the edited head would mean reading all of it again, which most requests do not need.
  const routed = request.header('Route') !== undefined || edits.some(touchesRoute);
  return routed ? yieldToStrictRouter(forwarded) : forwarded;
}

/** How many branches a request may still be forked to, at most `most` (RFC 5393 5.3.3); 0 when it says nonsense. */
export function breadthOf(request: SipRequest, most: number): number {
  const text = request.header('Max-Breadth');
  if (text === undefined) return most;
  return /^\d{1,3}$/.test(text) ? Math.min(Number(text), most) : 0;
}

function touchesRoute(change: HeaderEdit): boolean {
  return 'name' in change && change.name.toLowerCase() === 'route';
}
