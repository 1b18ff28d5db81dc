/** How many single letters have to change, come or go to make one word the other (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of Array.from(from).entries()) {
    const next = [index + 1];
    for (const [column, other] of Array.from(to).entries()) {
      const replace = (row[column] ?? 0) + (letter === other ? 0 : 1);
      const remove = (row[column + 1] ?? 0) + 1;
      const insert = (next[column] ?? 0) + 1;
      next.push(Math.min(replace, remove, insert));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** The word that was probably meant, if one of the candidates is near enough to what was written. */
export function nearest(written: string, candidates: readonly string[]): string | undefined {
  const word = written.toLowerCase().slice(0, 253);
  const ranked = candidates
    .map((candidate) => ({ candidate, far: distance(word, candidate.toLowerCase()) }))
    .toSorted((a, b) => a.far - b.far);
  const best = ranked[0];
  return best !== undefined && best.far <= Math.max(1, word.length / 3)
    ? best.candidate
    : undefined;
}

/** `Did you mean "x"? `, or nothing. */
export function didYouMean(written: unknown, candidates: readonly string[]): string {
  const word = typeof written === 'string' ? nearest(written, candidates) : undefined;
  return word === undefined ? '' : `Did you mean "${word}"? `;
}

/** What stood in the file, in a few words fit for one line. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a section with keys of its own';
  if (typeof value !== 'string') return JSON.stringify(value);
  // Control characters would garble the terminal; a line break would split the message.
  const clean = value.replaceAll(/[\p{Cc}\p{Cf}]/gu, '\u{fffd}');
  return clean.length > 60 ? `"${clean.slice(0, 57)}…"` : `"${clean}"`;
}
