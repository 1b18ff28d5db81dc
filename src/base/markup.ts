const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // `&apos;` is no HTML 4, and the number means the same in XML.
  "'": '&#39;',
};

/**
 * Text that means itself in the content and the quoted attributes of HTML and XML. Characters XML 1.0 cannot
 * carry become the replacement character: one of them makes a whole document unreadable.
 */
export function escapeMarkup(text: string): string {
  return text
    .replaceAll(/[&<>"']/gu, (sign) => entities[sign] ?? sign)
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}');
}
