/**
 * The index of the line feed that ends the line starting at `start`, continuation lines (RFC 3261
 * 7.3.1: those that start with white space) included; the length of the text when there is none.
 */
export function logicalLineEnd(text: string, start: number): number {
  let end = text.indexOf('\n', start);
  while (end >= 0) {
    const next = text.charCodeAt(end + 1);
    if (next !== 0x20 && next !== 0x09) return end;
    end = text.indexOf('\n', end + 1);
  }
  return text.length;
}
