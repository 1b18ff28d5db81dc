/** Fields that concern one connection only (RFC 9110 7.6.1), never forwarded either way. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Fields a client could lie with; the reverse proxy alone says who the client is. */
const forgeable: ReadonlySet<string> = new Set([
  'expect',
  'forwarded',
  'host',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
]);

/** What the pool is told about the request beside what the client sent. */
export interface Forwarding {
  /** The Host field as received. */
  readonly host: string;
  /** IP address of the client. */
  readonly client: string;
  readonly secure: boolean;
  /** Pseudonym of this proxy for Via: its FQDN. */
  readonly via: string;
  /** How the body is framed; undefined when the request has none. */
  readonly body: { readonly length: string } | 'chunked' | undefined;
}

/**
 * The fields of the request to the pool: the client's own without the hop-by-hop and the
 * forgeable ones, the Host kept, the client's address told, the body framed explicitly.
 *
 * @param raw names and values alternating, as Node's `rawHeaders`
 */
export function requestHeaders(
  raw: readonly string[],
  forwarding: Forwarding,
): Record<string, string | string[]> {
  // A map: to an object, `__proto__` and `constructor` would be more than names.
  const received = new Map<string, string[]>();
  const named = connectionOptions(raw);
  for (const [name, value] of pairs(raw)) {
    const key = name.toLowerCase();
    if (hopByHop.has(key) || forgeable.has(key) || named.has(key)) continue;
    if (key === 'content-length') continue;
    const values = received.get(key);
    if (values === undefined) received.set(key, [value]);
    else values.push(value);
  }
  // Node wants the Host as one text, not as a list of one.
  const headers: Record<string, string | string[]> = Object.fromEntries<string | string[]>([
    ['Host', forwarding.host],
    ...received,
  ]);
  headers['X-Forwarded-For'] = forwarding.client;
  headers['X-Forwarded-Proto'] = forwarding.secure ? 'https' : 'http';
  headers['Via'] = `1.1 ${forwarding.via}`;
  if (forwarding.body === 'chunked') headers['Transfer-Encoding'] = 'chunked';
  else if (forwarding.body !== undefined) headers['Content-Length'] = forwarding.body.length;
  return headers;
}

/** The fields of the answer to the client: the pool's own without the hop-by-hop ones. */
export function responseHeaders(raw: readonly string[]): string[] {
  const named = connectionOptions(raw);
  const headers: string[] = [];
  for (const [name, value] of pairs(raw)) {
    const key = name.toLowerCase();
    if (!hopByHop.has(key) && !named.has(key)) headers.push(name, value);
  }
  return headers;
}

/** Names the Connection field declares hop-by-hop for this message. */
function connectionOptions(raw: readonly string[]): ReadonlySet<string> {
  const named = new Set<string>();
  for (const [name, value] of pairs(raw)) {
    if (name.toLowerCase() !== 'connection') continue;
    for (const option of value.split(',')) named.add(option.trim().toLowerCase());
  }
  // A client may not have end-to-end fields removed that decide what is answered.
  for (const kept of ['authorization', 'content-length', 'cookie', 'host']) named.delete(kept);
  return named;
}

function* pairs(raw: readonly string[]): Generator<readonly [name: string, value: string]> {
  for (let index = 0; index + 1 < raw.length; index += 2) {
    yield [raw[index] ?? '', raw[index + 1] ?? ''];
  }
}
