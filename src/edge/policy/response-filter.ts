import type { HeaderEdit, SipMessage } from '#sip';
import { trustDomainFields } from './sanitize.ts';

/**
 * Edits of what leaves for a client, response or request: names of inside servers go where a
 * client has no use for them (Path, Server, the source of diagnostics), and an identity that asked
 * for privacy is not told (RFC 3325 7). Record-Routes stay: the dialog needs them.
 */
export function towardsClient(message: SipMessage): readonly HeaderEdit[] {
  const edits: HeaderEdit[] = [];
  if (!message.isRequest) {
    for (const name of ['Server', 'Path']) {
      if (message.header(name) !== undefined) edits.push({ op: 'remove', name });
    }
  }
  const diagnostics = message.header('ms-diagnostics');
  if (diagnostics !== undefined) {
    edits.push({ op: 'set', name: 'ms-diagnostics', value: withoutSource(diagnostics) });
  }
  if (asksForPrivacy(message) && message.header('P-Asserted-Identity') !== undefined) {
    edits.push({ op: 'remove', name: 'P-Asserted-Identity' });
  }
  return edits;
}

/** Edits of a client's response: it may claim no more than its requests may. */
export function fromClient(response: SipMessage): readonly HeaderEdit[] {
  return trustDomainFields
    .filter((name) => response.header(name) !== undefined)
    .map((name) => ({ op: 'remove', name }));
}

function withoutSource(diagnostics: string): string {
  return diagnostics.replaceAll(/;\s*source\s*=\s*(?:"[^"]*"|[^;,\s"]*)/giu, '');
}

function asksForPrivacy(message: SipMessage): boolean {
  return (message.header('Privacy') ?? '')
    .toLowerCase()
    .split(/[;,\s]+/u)
    .includes('id');
}
