import { isDigitCode, skipSpaceTo, tokenEndTo } from './characters.ts';
import { headerFault } from './errors.ts';

/** The CSeq header (RFC 3261 20.16). */
export interface CSeq {
  /** 0 to 2³²−1. */
  readonly number: number;
  readonly method: string;
}

/**
 * `1*DIGIT LWS Method` in `text[start, end)`, which is trimmed and may be folded (RFC 3261 20.16).
 *
 * Throws `SipSyntaxError` (`header`).
 */
export function readCSeq(text: string, start: number, end: number): CSeq {
  let number = 0;
  let i = start;
  while (i < end && isDigitCode(text.charCodeAt(i)) && number <= 0xffff_ffff) {
    number = number * 10 + text.charCodeAt(i) - 48;
    i++;
  }
  const method = skipSpaceTo(text, i, end);
  const sound =
    i > start && number <= 0xffff_ffff && method > i && tokenEndTo(text, method, end) === end;
  if (!sound) throw headerFault('cseq-syntax', 'The CSeq is not a 32-bit number and a method');
  return { number, method: text.slice(method, end) };
}
