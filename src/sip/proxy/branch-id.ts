import { ownerOf } from '#base';
import type { SipRequest } from '../message/index.ts';
import { magicCookie, ownBranch } from '../transaction/key.ts';

/**
 * Makes the branches of our Vias: magic cookie, mark of this host, hash of what routing depends on,
 * and something unique, which begins with the name of the process. The first three are the loop mark: a request that comes in and already
 * carries its own loop mark was here before, unchanged (RFC 3261 16.6 step 8, RFC 5393 4.2).
 */
export class BranchIds {
  readonly #prefix: string;
  readonly #unique: string;
  #count = 0;

  /**
   * `host` is the FQDN of the host, so that its processes know each other's marks; `process` makes
   * branches of one process differ from those of every other; lower case, as peers may alter the case.
   */
  constructor(host: string, process: string) {
    this.#prefix = magicCookie + hash(host.toLowerCase());
    this.#unique = process;
  }

  /** The name of the process that wrote this branch; undefined when that was another host. */
  writerOf(branch: string): string | undefined {
    const own = ownBranch(branch);
    return own.startsWith(this.#prefix) ? ownerOf(own.slice(own.lastIndexOf('.') + 1)) : undefined;
  }

  /** Whether a Via of this host may be on the request: otherwise it cannot have been here before. */
  mayHaveSeen(request: SipRequest): boolean {
    return request.head.includes(this.#prefix);
  }

  /** The loop mark of a request as received. The method has no part in it: ACK and CANCEL agree. */
  mark(request: SipRequest): string {
    const { from, to, cseq } = request;
    let text = `${request.requestUri}\n${from.tag ?? ''}\n${to.tag ?? ''}\n${request.callId}\n${cseq.number}`;
    for (const name of routing) {
      for (const value of request.headers(name)) text += `\n${value}`;
    }
    return `${this.#prefix}.${hash(text)}.`;
  }

  /** A branch never used before. */
  next(mark: string): string {
    this.#count += 1;
    return `${mark}${this.#unique}${this.#count.toString(36)}`;
  }
}

/** Headers that may send the same Request-URI another way (RFC 5393 4.2.1). */
const routing = ['route', 'proxy-require', 'proxy-authorization'] as const;

/** 53 bits (cyrb53): enough to tell a loop from a spiral; nothing secret depends on it. */
function hash(text: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36);
}
