import { createHmac, timingSafeEqual } from 'node:crypto';

/** The connections of internal clients at the two ends of a dialog; undefined for the other ends. */
export interface DialogFlows {
  readonly caller: string | undefined;
  readonly callee: string | undefined;
}

const macBytes = 16;

/**
 * Makes and checks the user part of our Record-Route: `MAC.CALLER.CALLEE`.
 *
 * The MAC covers the Call-ID and both flows, so a request that carries it belongs to a dialog that was
 * let in here or on another member: every member has the key. The flows lead back to internal clients,
 * who cannot be connected to (RFC 5626 5.3); they mean something only to the process that wrote them,
 * which is what `instance` is for.
 */
export class DialogTokens {
  readonly #key: Buffer;
  readonly #instance: string;

  /** `instance`: a text of letters and digits that no other process, and no earlier run, uses. */
  constructor(key: Buffer, instance: string) {
    this.#key = key;
    this.#instance = instance;
  }

  /** The token of the dialog that this request opens. */
  make(callId: string, flows: DialogFlows): string {
    const rest = `${this.#encode(flows.caller)}.${this.#encode(flows.callee)}`;
    return `${this.#mac(callId, rest).toString('base64url')}.${rest}`;
  }

  /** The flows of a genuine token; undefined for any other text. */
  read(callId: string, token: string): DialogFlows | undefined {
    const [mac, caller, callee, ...more] = token.split('.');
    if (mac === undefined || caller === undefined || callee === undefined) return undefined;
    const given = Buffer.from(mac, 'base64url');
    if (more.length > 0 || given.length !== macBytes) return undefined;
    if (!timingSafeEqual(given, this.#mac(callId, `${caller}.${callee}`))) return undefined;
    return { caller: this.#decode(caller), callee: this.#decode(callee) };
  }

  #mac(callId: string, rest: string): Buffer {
    return createHmac('sha256', this.#key)
      .update(`${rest} ${callId}`, 'latin1')
      .digest()
      .subarray(0, macBytes);
  }

  #encode(connection: string | undefined): string {
    if (connection === undefined) return '';
    return `${this.#instance}-${Buffer.from(connection, 'utf8').toString('base64url')}`;
  }

  #decode(flow: string): string | undefined {
    const prefix = `${this.#instance}-`;
    if (!flow.startsWith(prefix)) return undefined;
    return Buffer.from(flow.slice(prefix.length), 'base64url').toString('utf8');
  }
}
