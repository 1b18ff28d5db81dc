import { formatEndpoint, type Connection, type HeaderEdit, type SipRequest } from '#sip';
import type { EdgeFacts } from './facts.ts';

/** Methods that create a dialog, or a subscription as lasting as one. */
const dialogForming: ReadonlySet<string> = new Set(['INVITE', 'SUBSCRIBE', 'REFER', 'NOTIFY']);

/** True for a request whose route set everybody on the way is about to learn. */
export function formsDialog(request: SipRequest): boolean {
  return dialogForming.has(request.method) && request.to.tag === undefined;
}

/** True for a request that says it belongs to a dialog; a registration never does. */
export function isInDialog(request: SipRequest): boolean {
  return request.to.tag !== undefined && request.method !== 'REGISTER';
}

/**
 * `host:port` by which this client reaches us again: the name it asked for when that is one of ours,
 * else the address it connected to. A client that was given an address may be unable to resolve any
 * name of ours, and would lose its dialogs over it.
 */
function clientEndpoint(facts: EdgeFacts, { serverName, local }: Connection): string {
  return serverName !== undefined && facts.own.has(serverName)
    ? formatEndpoint({ address: serverName, port: local.port })
    : formatEndpoint(local);
}

/**
 * The two Record-Routes of an Edge (RFC 5658): one address for each side, both with the client's
 * token. The one for the side the request goes to stands on top, so that each side meets its own
 * first.
 *
 * @param client the connection of the client on the outside
 */
export function recordRoutes(
  facts: EdgeFacts,
  token: string,
  client: Connection,
  towards: 'inside' | 'outside',
): readonly HeaderEdit[] {
  const entry = (endpoint: string): HeaderEdit => ({
    op: 'prepend',
    name: 'Record-Route',
    value: `<sip:${token}@${endpoint};transport=tls;lr>`,
  });
  const inside = entry(facts.insideEndpoint);
  const outside = entry(clientEndpoint(facts, client));
  return towards === 'inside' ? [outside, inside] : [inside, outside];
}

/**
 * The Path of a client's registration (RFC 3327, RFC 5626 5.1): requests for it come back to our
 * inside and, by the token, to its connection. `ob` tells the registrar that we keep flows, `entry`
 * where this client reaches us, for the Service-Route (RFC 3608); other registrars pass over it.
 */
export function pathOf(facts: EdgeFacts, token: string, client: Connection): HeaderEdit {
  const entry = clientEndpoint(facts, client);
  return {
    op: 'prepend',
    name: 'Path',
    value: `<sip:${token}@${facts.insideEndpoint};transport=tls;lr;ob;entry=${entry}>`,
  };
}
