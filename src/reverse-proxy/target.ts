/** Where a request wants to go, told by its request line and Host field. */
export interface Target {
  /** The host as sent, port included: what the pool is told. */
  readonly host: string;
  /** The host for look-up: lower case, without port and trailing dot. */
  readonly name: string;
  /** Path and query as sent. */
  readonly path: string;
}

/**
 * Reads origin form (`/path`) and absolute form (`http://host/path`, whose host wins over the
 * Host field, RFC 9112 3.2.2); undefined for anything else and for a host that is none.
 */
export function targetOf(url: string, hostField: string | undefined): Target | undefined {
  const absolute = /^https?:\/\/([^/?#@]+)(.*)$/iu.exec(url);
  const host = absolute?.[1] ?? hostField ?? '';
  const rest = absolute?.[2] ?? url;
  const path = absolute !== null && !rest.startsWith('/') ? `/${rest}` : rest;
  const name = /^([a-z\d](?:[a-z\d.-]{0,252}[a-z\d])?)\.?(?::\d{0,5})?$/iu.exec(host)?.[1];
  if (name === undefined || !path.startsWith('/')) return undefined;
  return { host, name: name.toLowerCase(), path };
}
