import { continueChain, parseUri, SipSyntaxError, type NameAddr, type SipUri } from '#sip';
import { refuse, type EdgeContext, type EdgeDecider } from './context.ts';

/**
 * Finds our own entries at the top of the Route set and has them removed (RFC 3261 16.4): one from
 * a Path, two where both of our sides record-routed (RFC 5658).
 *
 * An entry is ours only with a token of ours in it. A client that merely has us configured as its
 * outbound proxy sends none, and whatever follows such an entry was not given out by us.
 */
export const ownRoute: EdgeDecider = {
  name: 'ownRoute',
  decide: (context) => {
    const routes = urisOf(context.request.routes);
    if (routes === undefined) {
      return refuse(context, 400, 'Malformed Route', { id: 1018, text: 'Parsing failure' });
    }
    const [first, second] = routes;
    if (first?.user === undefined || !isOurs(context, first)) return continueChain;
    const flow = context.tools.tokens.read(first.user);
    if (flow === undefined) return continueChain;
    // The second of a pair carries the same token; another one belongs to another passage.
    const pair = second !== undefined && isOurs(context, second) && second.user === first.user;
    const count = pair ? 2 : 1;
    for (let popped = 0; popped < count; popped += 1) {
      context.edits.push({ op: 'removeFirstValue', name: 'Route' });
    }
    context.own = { token: first.user, flow, nextHost: routes[count]?.host };
    return continueChain;
  },
};

function isOurs({ tools }: EdgeContext, { host }: SipUri): boolean {
  return tools.facts.own.has(host);
}

function urisOf(routes: readonly NameAddr[]): readonly SipUri[] | undefined {
  try {
    return routes.map(({ uri }) => parseUri(uri));
  } catch (error) {
    if (error instanceof SipSyntaxError) return undefined;
    throw error;
  }
}
