/* Text from the network on its way to a terminal or into a line-oriented file. */

/**
 * C0 and C1 controls and DEL (Cc), zero-width and directional characters (Cf), line and paragraph
 * separators, lone surrogates: what can move a cursor, set a title, hide text or reorder it.
 */
const dangerous = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u{${code.toString(16).padStart(4, '0')}}`;
}

/** One line that is safe to print: every character that could steer a terminal is shown as `\x1b`. */
export function printable(text: string): string {
  return text.replace(dangerous, escapeCharacter);
}

/** The same for several lines: line ends and tabs stay, tabs as one space. */
export function printableLines(text: string): string[] {
  return text
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .map((line) => printable(line.replaceAll('\t', ' ')));
}

/** JSON on one line in which nothing can steer a terminal either; still the same JSON value. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(dangerous, (character) =>
    Array.from({ length: character.length }, (_, index) =>
      String.fromCharCode(92).concat(
        'u',
        character.charCodeAt(index).toString(16).padStart(4, '0'),
      ),
    ).join(''),
  );
}

/**
 * SIP text is UTF-8 (RFC 3261 7.1) but is kept byte for byte, one character a byte (latin1); this
 * reads it for people. Bytes that are not UTF-8 stay what they are.
 */
export function decodeUtf8(latin1: string): string {
  if (!/[\u0080-\u00ff]/.test(latin1)) return latin1;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(latin1, 'latin1'));
  } catch {
    return latin1;
  }
}

/** How many columns a printable line takes: wide characters two, combining ones none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    const code = character.codePointAt(0) ?? 0;
    width += code >= 0x1100 && wide.test(character) ? 2 : 1;
  }
  return width;
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
