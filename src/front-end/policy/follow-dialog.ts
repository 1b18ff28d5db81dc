import { aorOfUri, refuse } from '#director';
import type { Self } from '#director';
import { continueChain, parseUri, sameUri } from '#sip';
import type { HeaderEdit, NamedDecider, Outcome, Target } from '#sip';
import { servesDomain } from '#topology';
import type { Bindings } from './bindings.ts';
import { isBelieved, withoutOwnRoutes } from './context.ts';
import type { FrontEndContext, HopsTo } from './context.ts';
import type { DialogFlows, DialogTokens } from './dialog-token.ts';
import { wayTo } from './deliver.ts';

/** What following a dialog needs to know. */
export interface DialogWays {
  readonly self: Self;
  readonly tokens: DialogTokens;
  readonly hopsTo: HopsTo;
  readonly bindings: Bindings;
}

/**
 * Passes requests inside a dialog on along their Route (RFC 3261 16.4, 16.12): to the next server it
 * names, or, when we were the last, to the client behind us. The token in our own Route proves that the
 * dialog was let in; an Edge or a client without it gets 403 for anything inside a dialog, and for any
 * Route that leads elsewhere, so that nobody relays through us. Sets `ownRoutes`.
 */
export function followDialog(ways: DialogWays): NamedDecider<FrontEndContext> {
  return {
    name: 'followDialog',
    decide(context) {
      const { request, facts } = context;
      const routes = request.routes.map(({ uri }) => parseUri(uri));
      const foreign = routes.findIndex(({ host }) => !ways.self.names.has(host));
      const own = foreign < 0 ? routes.length : foreign;
      facts.ownRoutes = own;
      const flows = readTokens(ways, request.callId, routes.slice(0, own));
      const believed = isBelieved(facts.origin);
      if (flows === undefined && !believed && mustProveDialog(context, own < routes.length)) {
        return refuse(403, 'Forbidden', 'notAuthorized', ways.self.host.fqdn);
      }
      const next = routes[own];
      if (next !== undefined) {
        const hops = ways.hopsTo(next.host);
        if (hops.length === 0)
          return refuse(403, 'Forbidden', 'foreignDomain', ways.self.host.fqdn);
        return pass(context, { via: { kind: 'hops', hops } });
      }
      if (flows === undefined) return continueChain;
      return toClient(ways, context, flows);
    },
  };
}

/** The flows of the first genuine token among our own Route values. */
function readTokens(
  { tokens }: DialogWays,
  callId: string,
  own: readonly { readonly user: string | undefined }[],
): DialogFlows | undefined {
  for (const { user } of own) {
    const flows = user === undefined ? undefined : tokens.read(callId, user);
    if (flows !== undefined) return flows;
  }
  return undefined;
}

/** True for what only a dialog let in earlier may ask of us. */
function mustProveDialog({ facts, request }: FrontEndContext, leadsOn: boolean): boolean {
  return leadsOn || (facts.origin === 'edge' && request.to.tag !== undefined);
}

/** The last server of the Route: the Request-URI is the client's own contact. */
function toClient(ways: DialogWays, context: FrontEndContext, flows: DialogFlows): Outcome {
  const { request, connection, receivedAt } = context;
  const contact = request.uri;
  // A contact that is an address-of-record is looked up like any other.
  if (contact.user !== undefined && servesDomain(ways.self.topology, contact.host)) {
    return continueChain;
  }
  // The other end than the one the request came from.
  const id = flows.caller === connection.id ? flows.callee : (flows.caller ?? flows.callee);
  if (id !== undefined && id !== connection.id) {
    return pass(context, { via: { kind: 'connection', id } });
  }
  const owner = aorOfUri(request.to.uri);
  const bindings = owner === undefined ? [] : ways.bindings.of(owner, receivedAt);
  const binding = bindings.find(({ uri }) => sameUri(uri, contact));
  const way = binding === undefined ? undefined : wayTo(binding, ways.hopsTo);
  if (way !== undefined) return pass(context, way);
  return refuse(430, 'Flow Failed', 'unreachable', ways.self.host.fqdn);
}

function pass(context: FrontEndContext, target: Target): Outcome {
  const edits: HeaderEdit[] = withoutOwnRoutes(context.facts);
  // What an Edge or a client says about the identity of its user is hearsay.
  if (!isBelieved(context.facts.origin)) edits.push({ op: 'remove', name: 'P-Asserted-Identity' });
  return {
    kind: 'forward',
    plan: {
      groups: [[target]],
      edits,
      unreachable: { status: 430, reason: 'Flow Failed' },
    },
  };
}
