/** One message of the stream: a head that ends at `end`, after its empty line. */
export type Seen = (text: string, start: number, end: number) => void;

const emptyLine = '\r\n\r\n';
const commonEnd = `Content-Length: 0${emptyLine}`;

/**
 * Cuts a stream into messages and looks at nothing but their length. The peer is ours or one we measure:
 * lines end in CRLF, and there is no folding.
 */
export class MessageStream {
  #rest = '';

  /** Calls `seen` for each message that is complete now. */
  push(chunk: Buffer, seen: Seen): void {
    const text = this.#rest + chunk.toString('latin1');
    let at = 0;
    for (;;) {
      // Keep-alives (RFC 5626 3.5.1) stand between messages.
      while (text.charCodeAt(at) === 13 || text.charCodeAt(at) === 10) at += 1;
      const blank = text.indexOf(emptyLine, at);
      if (blank === -1) break;
      const head = blank + emptyLine.length;
      const next = text.startsWith(commonEnd, head - commonEnd.length)
        ? head
        : head + bodyLength(text, at, head);
      if (next > text.length) break;
      seen(text, at, head);
      at = next;
    }
    this.#rest = at === text.length ? '' : text.slice(at);
  }
}

function bodyLength(text: string, start: number, head: number): number {
  const found = /\r\n(?:content-length|l)[ \t]*:[ \t]*(\d+)/iu.exec(text.slice(start, head));
  return Number(found?.[1] ?? 0);
}
