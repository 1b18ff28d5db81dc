/**
 * Header fields the code asks for by number, with their compact forms (RFC 3261 7.3.3 and the IANA
 * registry). The position in the list is the id; 0 is every other header, -1 a line that is no header.
 */
const known: readonly (readonly [name: string, compact?: string])[] = [
  [''],
  ['Via', 'v'],
  ['From', 'f'],
  ['To', 't'],
  ['Call-ID', 'i'],
  ['CSeq'],
  ['Max-Forwards'],
  ['Contact', 'm'],
  ['Route'],
  ['Record-Route'],
  ['Content-Length', 'l'],
  ['Content-Type', 'c'],
  ['Authorization'],
  ['Proxy-Authorization'],
  ['Expires'],
  ['Path'],
  ['Supported', 'k'],
  ['Require'],
  ['Proxy-Require'],
  ['User-Agent'],
  ['Event', 'o'],
  ['Allow-Events', 'u'],
  ['Subject', 's'],
  ['Content-Encoding', 'e'],
  ['Refer-To', 'r'],
  ['Referred-By', 'b'],
  ['Session-Expires', 'x'],
  ['Accept-Contact', 'a'],
  ['Reject-Contact', 'j'],
  ['Request-Disposition', 'd'],
  ['Identity', 'y'],
  ['Identity-Info', 'n'],
  ['WWW-Authenticate'],
  ['Proxy-Authenticate'],
  ['P-Asserted-Identity'],
  ['P-Preferred-Identity'],
  ['Allow'],
  ['Accept'],
  ['Date'],
  ['Server'],
  ['Privacy'],
  ['Retry-After'],
  ['Timestamp'],
  ['Max-Breadth'],
];

/** Ids of the headers the message layer itself reads. */
export const VIA = 1;
export const FROM = 2;
export const TO = 3;
export const CALL_ID = 4;
export const CSEQ = 5;
export const MAX_FORWARDS = 6;
export const CONTACT = 7;
export const ROUTE = 8;
export const RECORD_ROUTE = 9;
export const CONTENT_LENGTH = 10;
/** A line of the head that is no header at all: no colon, or no token before it. */
export const BROKEN = -1;

/** By length and first letter (32 letters a length), so that at most two names need comparing. */
const longest = 32;
const buckets: { id: number; lower: Uint8Array }[][] = Array.from(
  { length: (longest + 1) * 32 },
  () => [],
);
const idsByName = new Map<string, number>();
for (const [id, names] of known.entries()) {
  if (id === 0) continue;
  for (const name of names) {
    if (name === undefined) continue;
    const lower = Buffer.from(name.toLowerCase(), 'latin1');
    buckets[lower.length * 32 + ((lower[0] ?? 0) & 31)]?.push({ id, lower });
    idsByName.set(name, id);
    idsByName.set(name.toLowerCase(), id);
  }
}

/** Id of the name in `bytes[start, end)`, which holds token characters only; 0 when unknown. */
export function headerIdAt(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > longest) return 0;
  const bucket = buckets[length * 32 + ((bytes[start] ?? 0) & 31)];
  if (bucket === undefined) return 0;
  for (let k = 0; k < bucket.length; k++) {
    const candidate = bucket[k];
    if (candidate === undefined) break;
    let i = 0;
    // Setting bit 5 folds letters; on `-` and digits it changes nothing, and no other token character
    // of a name turns into one of these.
    while (i < length && ((bytes[start + i] ?? 0) | 32) === candidate.lower[i]) i++;
    if (i === length) return candidate.id;
  }
  return 0;
}

/** Id of a header name in any case or compact form; 0 when unknown. */
export function headerId(name: string): number {
  return idsByName.get(name) ?? idsByName.get(name.toLowerCase()) ?? 0;
}
