import { createHmac, timingSafeEqual } from 'node:crypto';
import { aorOfUri } from '#director';
import type { NameAddr, SipRequest } from '#sip';

/** The connections of internal clients at the two ends of a dialog; undefined for the other ends. */
export interface DialogFlows {
  readonly caller: string | undefined;
  readonly callee: string | undefined;
}

/** Which end of a dialog sent a request. */
export type DialogEnd = 'caller' | 'callee';

const macBytes = 16;

/**
 * What tells a dialog from every other: its Call-ID, the caller's tag, and who the two ends are. They
 * are the same in every request of it, only the other way round in those of the callee (RFC 3261 12.2).
 */
export function dialogOf({ callId, from, to }: SipRequest, sender: DialogEnd): string {
  const [caller, callee] = sender === 'caller' ? [from, to] : [to, from];
  return [callId, caller.tag ?? '', nameOf(caller), nameOf(callee)].join(' ');
}

function nameOf({ uri }: NameAddr): string {
  return aorOfUri(uri) ?? uri;
}

/**
 * Makes and checks the user part of our Record-Route: `MAC.CALLER.CALLEE`.
 *
 * The MAC covers the dialog (`dialogOf`) and both flows, so a request that carries it belongs to a dialog
 * that was let in here or on another member, as every member has the key, and names nobody in From or To
 * but its two ends: who was let in once cannot write in the name of others afterwards. The flows lead back to internal clients,
 * who cannot be connected to (RFC 5626 5.3); whose connections they are, the ids say themselves.
 */
export class DialogTokens {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** The token of a dialog. */
  make(dialog: string, flows: DialogFlows): string {
    const rest = `${encode(flows.caller)}.${encode(flows.callee)}`;
    return `${this.#mac(dialog, rest).toString('base64url')}.${rest}`;
  }

  /** The flows of a genuine token; undefined for any other text. */
  read(dialog: string, token: string): DialogFlows | undefined {
    const [mac, caller, callee, ...more] = token.split('.');
    if (mac === undefined || caller === undefined || callee === undefined) return undefined;
    const given = Buffer.from(mac, 'base64url');
    if (more.length > 0 || given.length !== macBytes) return undefined;
    if (!timingSafeEqual(given, this.#mac(dialog, `${caller}.${callee}`))) return undefined;
    return { caller: decode(caller), callee: decode(callee) };
  }

  #mac(dialog: string, rest: string): Buffer {
    return createHmac('sha256', this.#key)
      .update(`${rest} ${dialog}`, 'utf8')
      .digest()
      .subarray(0, macBytes);
  }
}

function encode(connection: string | undefined): string {
  return connection === undefined ? '' : Buffer.from(connection, 'utf8').toString('base64url');
}

function decode(flow: string): string | undefined {
  return flow === '' ? undefined : Buffer.from(flow, 'base64url').toString('utf8');
}
