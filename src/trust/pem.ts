/** One block of a PEM text. */
export interface PemBlock {
  readonly label: string;
  /** The block itself, from `-----BEGIN` to `-----END …-----` and a line end. */
  readonly pem: string;
  readonly der: Buffer;
}

/** The blocks of a PEM text (RFC 7468), in order; with a label, only those that bear it. */
export function pemBlocks(text: string, label?: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  const pattern = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----/gu;
  for (const [pem, name = '', body = ''] of text.matchAll(pattern)) {
    if (label !== undefined && name !== label) continue;
    blocks.push({ label: name, pem: `${pem}\n`, der: Buffer.from(body, 'base64') });
  }
  return blocks;
}
