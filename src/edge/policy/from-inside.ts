import { settled } from '#base';
import { continueChain, loop, maxForwards, type Connection, type Outcome } from '#sip';
import { fromCore, refuse, type EdgeContext, type EdgeDecider } from './context.ts';
import { ownRoute } from './own-route.ts';
import { ping } from './ping.ts';
import { formsDialog, recordRoutes } from './record-route.ts';
import { fromClient, towardsClient } from './response-filter.ts';

/** Serves nobody on the inside but trusted servers; the listener has told them apart already. */
export const trustedPeer: EdgeDecider = {
  name: 'trustedPeer',
  decide: (context) =>
    context.peer.kind === 'server'
      ? continueChain
      : refuse(context, 403, 'Forbidden', { id: 1010, text: 'Certificate trust with peer failed' }),
};

/**
 * Refuses what is for no client of ours. The inside reaches remote users by the tokens it was
 * given (Path, Record-Route) and by nothing else; an Edge knows no users.
 */
export const knownFlow: EdgeDecider = {
  name: 'knownFlow',
  decide: (context) =>
    context.own === undefined
      ? refuse(context, 404, 'No Flow Named', { id: 1005, text: 'Cannot route to destination' })
      : continueChain,
};

/**
 * Between servers 503 asks for the next one, and 430 takes a registration away. A client that says so
 * means itself, at this moment.
 */
const aboutServers: ReadonlySet<number> = new Set([430, 503]);
const away = { status: 480, reason: 'Temporarily Unavailable' };
const flowFailed = { status: 430, reason: 'Flow Failed' };

/**
 * Hands the request to the client over the very connection its token names. When that is gone, or was
 * another run's, the answer is 430 (RFC 5626 5.3) and the registrar forgets the binding.
 */
export const toClient: EdgeDecider = {
  name: 'toClient',
  decide: (context) => {
    const { own, tools } = context;
    if (own === undefined) return { kind: 'respond', ...flowFailed };
    return settled(tools.connection(own.flow), (client) =>
      client === undefined
        ? { kind: 'respond', ...flowFailed }
        : handOver(context, own.token, client),
    );
  },
};

function handOver(
  { request, edits, tools: { facts } }: EdgeContext,
  token: string,
  client: Connection,
): Outcome {
  const recorded = formsDialog(request) ? recordRoutes(facts, token, client, 'outside') : [];
  return {
    kind: 'forward',
    plan: {
      groups: [[{ via: { kind: 'connection', id: client.id } }]],
      edits: [...edits, ...towardsClient(request), ...recorded],
      unreachable: flowFailed,
      instead: ({ status }) => (aboutServers.has(status) ? away : undefined),
      onResponse: fromClient,
    },
  };
}

/** What happens to a server's request, in this order. */
export const fromInside: readonly EdgeDecider[] = [
  trustedPeer,
  fromCore(maxForwards),
  fromCore(loop),
  ping,
  ownRoute,
  knownFlow,
  toClient,
];
