/** One element of a DER encoding: its tag and where its content lies. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag, length and content: what a signature covers. */
  readonly whole: Buffer;
}

/** The DER tags a revocation list uses. */
export const tags = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const;

/**
 * Reads the element at `offset`. Definite lengths up to 4 bytes only (X.690 section 10.1).
 *
 * @throws RangeError when the bytes end before the element does
 */
export function readDer(bytes: Buffer, offset = 0): DerElement {
  const tag = bytes.readUInt8(offset);
  const first = bytes.readUInt8(offset + 1);
  let length = first;
  let start = offset + 2;
  if (first >= 0x80) {
    const size = first & 0x7f;
    if (size === 0 || size > 4) throw new RangeError('a DER length of an unusual size');
    length = bytes.readUIntBE(start, size);
    start += size;
  }
  const end = start + length;
  if (end > bytes.length) throw new RangeError('a DER element longer than its container');
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(offset, end) };
}

/** The elements inside a constructed element, in order. */
export function derChildren(parent: DerElement): DerElement[] {
  const children: DerElement[] = [];
  let offset = 0;
  while (offset < parent.content.length) {
    const child = readDer(parent.content, offset);
    children.push(child);
    offset += child.whole.length;
  }
  return children;
}

/** A UTCTime or GeneralizedTime (RFC 5280 section 4.1.2.5), or undefined for any other element. */
export function derTime(element: DerElement | undefined): Date | undefined {
  if (element === undefined) return undefined;
  const text = element.content.toString('latin1');
  const match =
    element.tag === tags.utcTime
      ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/u.exec(text)
      : element.tag === tags.generalizedTime
        ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/u.exec(text)
        : null;
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map(Number);
  // RFC 5280: two digits below 50 mean this century.
  const century = element.tag === tags.utcTime ? (year < 50 ? 2000 : 1900) : 0;
  return new Date(Date.UTC(century + year, month - 1, day, hour, minute, second));
}

/** A dotted object identifier. */
export function derOid(element: DerElement): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of element.content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (arcs.length === 0) {
      const top = Math.min(2, Math.floor(arc / 40));
      arcs.push(top, arc - top * 40);
    } else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}
