import { identityEdits, refuse } from '#director';
import type { Refusal, Self } from '#director';
import { serversFor } from '#identity';
import type { User } from '#identity';
import { formatUri, parseNameAddr, parseUri } from '#sip';
import type { HeaderEdit, NamedDecider, Outcome, SipRequest, Target } from '#sip';
import type { Binding, Bindings } from './bindings.ts';
import { fromClient, withoutOwnRoutes } from './context.ts';
import type { FrontEndContext, HopsTo } from './context.ts';
import { dialogOf } from './dialog-token.ts';
import type { DialogTokens } from './dialog-token.ts';

/** What delivering needs to know. */
export interface Delivery {
  readonly self: Self;
  readonly bindings: Bindings;
  readonly tokens: DialogTokens;
  readonly hopsTo: HopsTo;
  /** The SIP port of the plan, for Record-Route. */
  readonly port: number;
}

/** The client's connection to its Edge is gone (RFC 5626 11.5). */
const flowFailed = 430;

/** Methods that open a dialog when they carry no To tag (RFC 3261 12.1, RFC 6665 4.1, RFC 3515). */
const opensDialog = new Set(['INVITE', 'SUBSCRIBE', 'NOTIFY', 'REFER']);

/**
 * The last decider: forks to the places the user is bound at here, the preferred ones first; otherwise
 * asks the servers that may know more.
 *
 * Those are the members of the user's home and backup pool, the *candidates*. A candidate asked by
 * anybody else asks all the others; a candidate asked by a candidate looks only at its own bindings and
 * says 503, so that the asker goes on to the next. Every request thus ends after at most one round
 * (decision 0012).
 */
export function deliver(delivery: Delivery): NamedDecider<FrontEndContext> {
  return {
    name: 'deliver',
    decide(context) {
      const { target } = context.facts;
      if (target === undefined) return unavailable(delivery.self);
      const bindings = delivery.bindings.of(target.aor, context.receivedAt);
      return bindings.length > 0
        ? fork(delivery, context, target.aor, bindings)
        : askOthers(delivery, context, target);
    },
  };
}

/** How a binding is reached: over the connection it came on, or along its Path; undefined when no flow leads there. */
export function wayTo(binding: Binding, hopsTo: HopsTo): Target | undefined {
  const requestUri = requestUriOf(binding);
  if (binding.connection !== undefined) {
    return { requestUri, via: { kind: 'connection', id: binding.connection } };
  }
  const [first] = binding.path;
  const hops = first === undefined ? [] : hopsTo(parseUri(parseNameAddr(first).uri).host);
  if (hops.length === 0) return undefined;
  return {
    requestUri,
    edits: [{ op: 'prepend', name: 'Route', value: binding.path.join(', ') }],
    via: { kind: 'hops', hops },
  };
}

/**
 * The Request-URI of requests to a binding: its contact without headers, which a Request-URI must not have
 * (RFC 3261 19.1.1) and which would let a contact write into other people's requests.
 */
export function requestUriOf({ uri }: Binding): string {
  const headers = uri.indexOf('?');
  return headers < 0 ? uri : formatUri({ ...parseUri(uri), headers: undefined });
}

function fork(
  delivery: Delivery,
  context: FrontEndContext,
  aor: string,
  bindings: readonly Binding[],
): Outcome {
  const groups: Target[][] = [];
  let q: number | undefined;
  for (const binding of bindings.toSorted((a, b) => b.q - a.q)) {
    const way = wayTo(binding, delivery.hopsTo);
    if (way === undefined) continue;
    const edits = [...(way.edits ?? []), ...recordRoute(delivery, context, binding.connection)];
    const target: Target = {
      ...way,
      edits,
      onFinal({ status }) {
        // The Edge has lost the client's connection (RFC 5626 5.3.1).
        if (status === flowFailed) delivery.bindings.remove(aor, binding);
      },
    };
    if (binding.q === q) groups.at(-1)?.push(target);
    else groups.push([target]);
    q = binding.q;
  }
  if (groups.length === 0) return unavailable(delivery.self);
  const edits = commonEdits(delivery.self, context);
  // Whoever asked for it stays unnamed outside of the trusted servers (RFC 3323 4.2, RFC 3325 7).
  if (wantsPrivacy(context.request)) edits.push({ op: 'remove', name: 'P-Asserted-Identity' });
  return {
    kind: 'forward',
    plan: {
      groups,
      edits,
      unreachable: unavailable(delivery.self),
      onResponse: fromClient,
      // 430 is between Edge and registrar; a caller learns that the user is away (RFC 5626 11.5).
      instead: ({ status }) => (status === flowFailed ? unavailable(delivery.self) : undefined),
    },
  };
}

function askOthers(delivery: Delivery, context: FrontEndContext, target: User): Outcome {
  const { self, hopsTo } = delivery;
  const candidates = serversFor(self.topology, target);
  const isCandidate = (fqdn: string | undefined): boolean =>
    candidates.some((host) => host.fqdn === fqdn);
  const here = isCandidate(self.host.fqdn);
  if (isCandidate(context.facts.peerHost?.fqdn)) {
    return here
      ? refuse(503, 'User Not Bound Here', 'notInPool', self.host.fqdn)
      : unavailable(self);
  }
  const hops = candidates
    .filter(({ fqdn }) => fqdn !== self.host.fqdn)
    .flatMap(({ fqdn }) => hopsTo(fqdn));
  if (hops.length === 0) return unavailable(self);
  const edits = [...commonEdits(self, context), ...recordRoute(delivery, context, undefined)];
  const unreachable = here
    ? unavailable(self)
    : refuse(504, 'Server Time-out', 'unreachable', self.host.fqdn);
  return {
    kind: 'forward',
    plan: { groups: [[{ via: { kind: 'hops', hops } }]], edits, unreachable },
  };
}

function unavailable(self: Self): Refusal {
  return refuse(480, 'Temporarily Unavailable', 'notInPool', self.host.fqdn);
}

function commonEdits(self: Self, { facts, request }: FrontEndContext): HeaderEdit[] {
  const proved = facts.provedHere === true ? facts.caller : undefined;
  return [
    ...withoutOwnRoutes(facts),
    ...(proved === undefined
      ? []
      : // A client is no proxy: a route it invented would be followed by everybody in the dialog.
        [...identityEdits(self, request, proved), { op: 'remove', name: 'Record-Route' } as const]),
  ];
}

function recordRoute(
  { self, tokens, port }: Delivery,
  { request, peer, connection }: FrontEndContext,
  callee: string | undefined,
): HeaderEdit[] {
  if (!opensDialog.has(request.method) || request.to.tag !== undefined) return [];
  const caller = peer.kind === 'client' ? connection.id : undefined;
  const token = tokens.make(dialogOf(request, 'caller'), { caller, callee });
  const value = `<sip:${token}@${self.host.fqdn}:${port};transport=tls;lr>`;
  return [{ op: 'prepend', name: 'Record-Route', value }];
}

function wantsPrivacy(request: SipRequest): boolean {
  return request
    .headers('Privacy')
    .some((value) => value.split(/[;,\s]+/u).some((wish) => wish.toLowerCase() === 'id'));
}
