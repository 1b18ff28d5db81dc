/**
 * Where a message went wrong, from the outside in: it cannot be cut out of the stream (`frame`),
 * its first line is no SIP (`startline`), one header's value breaks its grammar (`header`), or the
 * message as a whole contradicts itself (`validate`).
 */
export type SyntaxLayer = 'frame' | 'startline' | 'header' | 'validate';

/**
 * The only error the message layer throws at bytes from the network. The message names the rule that
 * was broken and never quotes the input, so it may be logged and sent as a reason phrase.
 */
export class SipSyntaxError extends Error {
  /** Stable, lower-case identifier, e.g. `via-syntax`. */
  readonly code: string;
  readonly layer: SyntaxLayer;

  constructor(code: string, layer: SyntaxLayer, message: string) {
    super(message);
    this.name = 'SipSyntaxError';
    this.code = code;
    this.layer = layer;
  }
}

/** Shorthand for the commonest layer. */
export function headerFault(code: string, message: string): SipSyntaxError {
  return new SipSyntaxError(code, 'header', message);
}
