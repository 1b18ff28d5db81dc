import { parseAuth } from './auth.ts';
import { buildResponse } from './build.ts';
import { type HeaderEdit, edit } from './edit.ts';
import { SipSyntaxError } from './errors.ts';
import { type SipMessage, SipRequest } from './message.ts';
import { aorOf, parseUri, sameUri } from './uri.ts';
import { validate } from './validate.ts';

/** Edits a proxy makes on the way there and back. */
export const proxyEdits: readonly (readonly HeaderEdit[])[] = [
  [
    { op: 'removeFirstValue', name: 'Via' },
    { op: 'remove', name: 'm' },
  ],
  [
    { op: 'prepend', name: 'Via', value: 'SIP/2.0/TLS h;branch=z9hG4bKx' },
    { op: 'set', name: 'Max-Forwards', value: '1' },
    { op: 'removeFirstValue', name: 'Route' },
    { op: 'append', name: 'X-Added', value: '1' },
  ],
  [{ op: 'replaceFirstVia', value: 'SIP/2.0/TLS h;received=1.2.3.4' }],
];

/** Calls everything a proxy would; only `SipSyntaxError` is swallowed. */
export function exercise(message: SipMessage): void {
  const reads: (() => unknown)[] = [
    () => message.topVia.params,
    () => message.vias.map((via) => via.params),
    () => message.from.params,
    () => message.from.displayText,
    () => aorOf(message.from.uri),
    () => message.to.params,
    () => sameUri(message.to.uri, message.from.uri),
    () => message.callId,
    () => message.cseq,
    () => message.maxForwards,
    () => message.contacts,
    () => message.routes.map((route) => parseUri(route.uri)),
    () => message.recordRoutes,
    () => parseAuth(message.header('Proxy-Authorization') ?? ''),
    () => message.entries(),
    () => message instanceof SipRequest && message.uri,
    () => buildResponse(message, 400).toBytes(),
    ...proxyEdits.map((edits) => () => edit(message, edits).spans),
  ];
  for (const read of reads) {
    try {
      read();
    } catch (error) {
      if (!(error instanceof SipSyntaxError)) throw error;
    }
  }
  validate(message);
}
