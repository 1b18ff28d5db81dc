import { settled } from '#base';
import { aorOfUri, refuse, withoutCredentials } from '#director';
import type { Self } from '#director';
import { continueChain, parseUri, sameUri } from '#sip';
import type {
  Connection,
  HeaderEdit,
  NamedDecider,
  Outcome,
  OwnAnswer,
  SipRequest,
  SipResponse,
  Target,
} from '#sip';
import { servesDomain } from '#topology';
import type { Bindings } from './bindings.ts';
import { fromClient, isBelieved, withoutOwnRoutes } from './context.ts';
import type { FrontEndContext, HopsTo } from './context.ts';
import { dialogOf } from './dialog-token.ts';
import type { DialogEnd, DialogTokens } from './dialog-token.ts';
import { requestUriOf, wayTo } from './deliver.ts';

/** What following a dialog needs to know. */
export interface DialogWays {
  readonly self: Self;
  readonly tokens: DialogTokens;
  readonly hopsTo: HopsTo;
  readonly bindings: Bindings;
  /** The connection of this id while it is open; a promise when another process of the host may have it. */
  readonly connection: (id: string) => Connection | Promise<Connection | undefined> | undefined;
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
      const passage = readTokens(ways, request, routes.slice(0, own));
      const believed = isBelieved(facts.origin);
      if (passage === undefined && !believed && mustProveDialog(context, own < routes.length)) {
        return refuse(403, 'Forbidden', 'notAuthorized', ways.self.host.fqdn);
      }
      const next = routes[own];
      if (next !== undefined) {
        const hops = ways.hopsTo(next.host);
        if (hops.length === 0)
          return refuse(403, 'Forbidden', 'foreignDomain', ways.self.host.fqdn);
        return pass(ways, context, { via: { kind: 'hops', hops } });
      }
      if (passage === undefined) return continueChain;
      return toClient(ways, context, passage);
    },
  };
}

/** What the token of a request says about the end of the dialog it is for. */
interface Passage {
  /** The connection of the internal client there; undefined for any other end. */
  readonly flow: string | undefined;
}

/** What the first genuine token among our own Route values says; outside of a dialog none is one. */
function readTokens(
  { tokens }: DialogWays,
  request: SipRequest,
  own: readonly { readonly user: string | undefined }[],
): Passage | undefined {
  if (request.to.tag === undefined) return undefined;
  for (const [sender, receiver] of directions) {
    const dialog = dialogOf(request, sender);
    for (const { user } of own.slice(0, mostTokens)) {
      const flows = user === undefined ? undefined : tokens.read(dialog, user);
      if (flows !== undefined) return { flow: flows[receiver] };
    }
  }
  return undefined;
}

/** Values looked at: we record one a passage, and a Route full of false ones must not cost an HMAC each. */
const mostTokens = 4;
const directions: readonly (readonly [sender: DialogEnd, receiver: DialogEnd])[] = [
  ['caller', 'callee'],
  ['callee', 'caller'],
];

/** True for what only a dialog let in earlier may ask of us. */
function mustProveDialog({ facts, request }: FrontEndContext, leadsOn: boolean): boolean {
  return leadsOn || (facts.origin === 'edge' && request.to.tag !== undefined);
}

/** The last server of the Route: the Request-URI is the client's own contact. */
function toClient(
  ways: DialogWays,
  context: FrontEndContext,
  { flow }: Passage,
): Outcome | Promise<Outcome> {
  const { request } = context;
  const contact = request.uri;
  // A contact that is an address-of-record is looked up like any other.
  if (contact.user !== undefined && servesDomain(ways.self.topology, contact.host)) {
    return continueChain;
  }
  return settled(flow === undefined ? undefined : ways.connection(flow), (open) =>
    open === undefined
      ? toBinding(ways, context)
      : pass(ways, context, { via: { kind: 'connection', id: open.id } }),
  );
}

/** Without a flow, or when it is gone: the client may have signed in again with the same contact. */
function toBinding(ways: DialogWays, context: FrontEndContext): Outcome {
  const { request, receivedAt } = context;
  const contact = request.uri;
  const owner = aorOfUri(request.to.uri);
  const bindings = owner === undefined ? [] : ways.bindings.of(owner, receivedAt);
  const binding = bindings.find((each) => sameUri(requestUriOf(each), contact));
  const way = binding === undefined ? undefined : wayTo(binding, ways.hopsTo);
  if (way !== undefined) return pass(ways, context, way);
  return refuse(430, 'Flow Failed', 'unreachable', ways.self.host.fqdn);
}

function pass({ self }: DialogWays, context: FrontEndContext, target: Target): Outcome {
  const edits: HeaderEdit[] = [
    ...withoutOwnRoutes(context.facts),
    ...withoutCredentials(self.topology.sipDomains, context.request),
  ];
  // What an Edge or a client says about the identity of its user is hearsay.
  if (!isBelieved(context.facts.origin)) edits.push({ op: 'remove', name: 'P-Asserted-Identity' });
  return {
    kind: 'forward',
    plan: {
      groups: [[target]],
      edits,
      unreachable: { status: 430, reason: 'Flow Failed' },
      ...(target.via.kind === 'connection' ? { onResponse: fromClient, instead: whenBusy } : {}),
    },
  };
}

/** A client's 503 means that it is busy, not that its flow has failed. */
function whenBusy({ status }: SipResponse): OwnAnswer | undefined {
  return status === 503 ? { status: 480, reason: 'Temporarily Unavailable' } : undefined;
}
