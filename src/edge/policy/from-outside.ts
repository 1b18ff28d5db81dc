import { continueChain, loop, maxForwards, type HeaderEdit, type Outcome, type SipHop } from '#sip';
import { fromCore, refuse, type EdgeContext, type EdgeDecider } from './context.ts';
import { ownRoute } from './own-route.ts';
import { ping } from './ping.ts';
import { rateLimit } from './rate-limit.ts';
import { formsDialog, isInDialog, pathOf, recordRoutes } from './record-route.ts';
import { towardsClient } from './response-filter.ts';
import { sanitize } from './sanitize.ts';

/**
 * Sends a request inside a dialog straight to the server that record-routed it, when that is a host
 * of the topology this Edge may talk to: such requests need no Director. A route set that leads
 * anywhere else is refused, whoever gave it out.
 *
 * A tag is easily added: the server at the other end checks that the dialog is one it saw begin.
 */
export const inDialog: EdgeDecider = {
  name: 'inDialog',
  decide: (context) => {
    const { own, tools, request } = context;
    if (own?.nextHost === undefined || !isInDialog(request)) return continueChain;
    const hops = tools.facts.hopsTo(own.nextHost);
    if (hops.length === 0) {
      return refuse(context, 403, 'Route Leads Elsewhere', {
        id: 1005,
        text: 'Cannot route to destination domain',
      });
    }
    return forwardInside(context, hops);
  },
};

/**
 * Sends everything else to the next hop, the Director pool, which authenticates it. Its Route set
 * is dropped: the client's own idea, or one that belongs to dialogs.
 */
export const toNextHop: EdgeDecider = {
  name: 'toNextHop',
  decide: (context) => {
    const { edits, tools, connection, request } = context;
    if (request.header('Route') !== undefined) edits.push({ op: 'remove', name: 'Route' });
    return forwardInside(context, tools.lanes.hopsFor(connection));
  },
};

/** What happens to a client's request, in this order. */
export const fromOutside: readonly EdgeDecider[] = [
  rateLimit,
  fromCore(maxForwards),
  fromCore(loop),
  ping,
  sanitize,
  ownRoute,
  inDialog,
  toNextHop,
];

function forwardInside(context: EdgeContext, hops: readonly SipHop[]): Outcome {
  return {
    kind: 'forward',
    plan: {
      groups: [[{ via: { kind: 'hops', hops } }]],
      edits: [...context.edits, ...wayBack(context)],
      unreachable: { status: 504, reason: 'Server Time-out' },
      onResponse: towardsClient,
    },
  };
}

/** The fields by which later requests find this client's connection. */
function wayBack({ request, connection, tools }: EdgeContext): readonly HeaderEdit[] {
  const { facts, tokens } = tools;
  if (request.method === 'REGISTER') {
    return [pathOf(facts, tokens.issue(connection.id), connection)];
  }
  if (!formsDialog(request)) return [];
  return recordRoutes(facts, tokens.issue(connection.id), connection, 'inside');
}
