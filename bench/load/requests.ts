/** What the driver asks for. */
export type Method = 'REGISTER' | 'MESSAGE' | 'OPTIONS';

export const methods: readonly Method[] = ['REGISTER', 'MESSAGE', 'OPTIONS'];

/** Digits every sequence number is written with, so that it stands at known places. */
export const sequenceDigits = 9;

/** Sequence numbers end here: 999,999,999 requests a run. */
export const lastSequence = 10 ** sequenceDigits - 1;

/** What all requests of one connection have in common. */
export interface Sender {
  readonly method: Method;
  readonly domain: string;
  /** Tells this run's branches from those of any other; letters and digits. */
  readonly run: string;
  /** `address:port` of this end, for Via and Contact. */
  readonly sentBy: string;
}

type Mark = 'sequence' | 'to' | 'from';

/** Stand for what differs from request to request; no SIP text has them. */
const marks: Readonly<Record<Mark, string>> = { sequence: '\u0001', to: '\u0002', from: '\u0003' };

const body = 'hello there, this is a short instant message body\r\n';

/** A request with places to fill in. */
interface Template {
  readonly bytes: Buffer;
  readonly sequenceAt: readonly number[];
  readonly toAt: readonly number[];
  readonly fromAt: readonly number[];
}

/**
 * Requests of one connection, laid out once and then only copied and numbered: what a request costs is
 * about 400 bytes of copying. User `n` is `sip:user<n>@<domain>`; a REGISTER is for itself, everything
 * else goes from user `n + 1` to user `n`.
 */
export class RequestWriter {
  readonly #sender: Sender;
  readonly #users: number;
  readonly #templates = new Map<number, Template>();

  /** @param users how many there are: user0 to user(users-1) */
  constructor(sender: Sender, users: number) {
    this.#sender = sender;
    this.#users = users;
  }

  /** Bytes a request without credentials never exceeds. */
  static readonly longest = 1024;

  /** Who sends the request with this sequence number, and to whom. */
  parties(sequence: number): { readonly from: number; readonly to: number } {
    // Knuth's multiplicative hash: neighbours in time are no neighbours in the directory.
    const to = (Math.imul(sequence, 2_654_435_761) >>> 0) % this.#users;
    return { to, from: this.#sender.method === 'REGISTER' ? to : (to + 1) % this.#users };
  }

  /** Writes the request into `out` at `offset`; returns where it ends. */
  write(out: Buffer, offset: number, sequence: number): number {
    const { from, to } = this.parties(sequence);
    const template = this.#template(digitsOf(from), digitsOf(to));
    out.set(template.bytes, offset);
    for (const at of template.sequenceAt) digits(out, offset + at + sequenceDigits, sequence);
    for (const at of template.toAt) digits(out, offset + at + digitsOf(to), to);
    for (const at of template.fromAt) digits(out, offset + at + digitsOf(from), from);
    return offset + template.bytes.length;
  }

  /** The request again, with the answer to a challenge; `credentials` is a whole header line. */
  again(sequence: number, credentials: string): string {
    const { from, to } = this.parties(sequence);
    const number = String(sequence).padStart(sequenceDigits, '0');
    return requestText(this.#sender, 2, credentials)
      .replaceAll(marks.sequence, number)
      .replaceAll(marks.to, String(to))
      .replaceAll(marks.from, String(from));
  }

  /** The Request-URI of a request from somebody to this user. */
  uri(to: number): string {
    const { method, domain } = this.#sender;
    return method === 'REGISTER' ? `sip:${domain}` : `sip:user${to}@${domain}`;
  }

  #template(fromDigits: number, toDigits: number): Template {
    const key = fromDigits * 16 + toDigits;
    let template = this.#templates.get(key);
    if (template === undefined) {
      template = layOut(requestText(this.#sender, 1, ''), fromDigits, toDigits);
      this.#templates.set(key, template);
    }
    return template;
  }
}

/** Where the sequence number of a branch stands: right behind this. */
export function branchPrefix(run: string): string {
  return `branch=z9hG4bK${run}-`;
}

function requestText(sender: Sender, attempt: number, credentials: string): string {
  const { method, domain, run, sentBy } = sender;
  const { sequence, to, from } = marks;
  const registers = method === 'REGISTER';
  const text = method === 'MESSAGE' ? body : '';
  const uri = registers ? `sip:${domain}` : `sip:user${to}@${domain}`;
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/TLS ${sentBy};${branchPrefix(run)}${sequence}-${attempt};alias`,
    'Max-Forwards: 70',
    `From: <sip:user${from}@${domain}>;tag=f${sequence};epid=01010101`,
    `To: <sip:user${to}@${domain}>`,
    `Call-ID: ${sequence}.${run}@load`,
    `CSeq: ${attempt} ${method}`,
    `Contact: <sip:user${from}@${sentBy};transport=tls>`,
    'User-Agent: load/1.0',
    ...(registers ? ['Expires: 3600'] : []),
    ...(credentials === '' ? [] : [credentials]),
    ...(text === '' ? [] : ['Content-Type: text/plain']),
    `Content-Length: ${text.length}`,
    '',
    text,
  ].join('\r\n');
}

function layOut(text: string, fromDigits: number, toDigits: number): Template {
  const places: Record<Mark, number[]> = { sequence: [], to: [], from: [] };
  const widths = { sequence: sequenceDigits, to: toDigits, from: fromDigits };
  let bytes = '';
  for (const character of text) {
    const mark = markOf(character);
    if (mark !== undefined) places[mark].push(bytes.length);
    bytes += mark === undefined ? character : '0'.repeat(widths[mark]);
  }
  return {
    bytes: Buffer.from(bytes, 'latin1'),
    sequenceAt: places.sequence,
    toAt: places.to,
    fromAt: places.from,
  };
}

function markOf(character: string): Mark | undefined {
  if (character === marks.sequence) return 'sequence';
  if (character === marks.to) return 'to';
  return character === marks.from ? 'from' : undefined;
}

function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  if (value < 10_000) return 4;
  if (value < 100_000) return 5;
  return String(value).length;
}

/** Writes digits from the right, ending before `end`, as many as the value has; zeros are there already. */
function digits(out: Buffer, end: number, value: number): void {
  let at = end;
  let rest = value;
  while (rest > 0) {
    at -= 1;
    const tens = Math.trunc(rest / 10);
    out[at] = 48 + rest - tens * 10;
    rest = tens;
  }
}
