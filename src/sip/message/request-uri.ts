import { detach } from './characters.ts';
import { type SipUri, parseUri } from './uri.ts';

/** Registrations of a domain all have the same Request-URI: the last one read is kept. */
const lastUri: { text: string; uri: SipUri | undefined } = { text: '', uri: undefined };

/** `parseUri` for the Request-URI of a message. */
export function readRequestUri(text: string): SipUri {
  if (lastUri.uri !== undefined && text === lastUri.text) return lastUri.uri;
  const uri = parseUri(text);
  lastUri.text = detach(text);
  lastUri.uri = uri;
  return uri;
}
