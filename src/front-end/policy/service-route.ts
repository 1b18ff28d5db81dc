import { parseNameAddr, parseUri } from '#sip';

/** `host:port`, as an Edge writes it; nothing that could end the URI it is put into. */
const endpoint = /^(?:[\w.-]+|\[[\da-f:.]+\]):\d{1,5}$/iu;

/**
 * Where a registered client should send its later requests (RFC 3608 6.4): to the Edge it came by, at the
 * address it knows it by, which our Edges note in the Path. So its requests use the flow it has, and
 * no name of an inside server is told; the Edge knows the way to the Director.
 *
 * Undefined without a Path: a client that registered with us directly has the way to us, and a route
 * would only hold it to this member when that has died. Undefined behind an Edge of another make, too.
 *
 * @param path values of the Path; the last is the client's Edge
 */
export function serviceRouteOf(path: readonly string[]): string | undefined {
  const last = path.at(-1);
  if (last === undefined) return undefined;
  const entry = parseUri(parseNameAddr(last).uri).params.get('entry');
  return typeof entry === 'string' && endpoint.test(entry)
    ? `<sip:${entry};transport=tls;lr>`
    : undefined;
}
