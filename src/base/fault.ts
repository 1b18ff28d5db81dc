/** One thing wrong in an input file: where, what was found, what is allowed, what to do. */
export interface Fault {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Dotted path in the document, e.g. `pools.0.members.1.address`; empty for the whole document. */
  readonly path: string;
  /** Stable identifier, e.g. `duplicate-address`. */
  readonly code: string;
  readonly found: string;
  readonly allowed: string;
  readonly remedy: string;
}

/** What can steer a terminal or break the line; a file that is wrong may be hostile as well. */
const controls = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** `file:line:column: found; allowed: …; remedy` on one line that no character of the file breaks. */
export function describeFault(fault: Fault): string {
  const where = `${fault.file}:${fault.line}:${fault.column}`;
  const path = fault.path === '' ? '' : ` ${fault.path}:`;
  const text = `${where}:${path} ${fault.found}; allowed: ${fault.allowed}. ${fault.remedy} [${fault.code}]`;
  return text.replace(controls, (control) => `\\u{${control.codePointAt(0)?.toString(16)}}`);
}
