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

/** `file:line:column: found; allowed: …; remedy` on one line. */
export function describeFault(fault: Fault): string {
  const where = `${fault.file}:${fault.line}:${fault.column}`;
  const path = fault.path === '' ? '' : ` ${fault.path}:`;
  return `${where}:${path} ${fault.found}; allowed: ${fault.allowed}. ${fault.remedy} [${fault.code}]`;
}
