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

type Mark = 'sequence' | 'to' | 'from' | 'credentials';

/** Stand for what differs from request to request; no SIP text has them. */
const marks: Readonly<Record<Mark, string>> = {
  sequence: '\u0001',
  to: '\u0002',
  from: '\u0003',
  credentials: '\u0004',
};

const body = 'hello there, this is a short instant message body\r\n';

/** A request with places to fill in. */
interface Template {
  readonly bytes: Buffer;
  /** Where the line of credentials goes; nothing behind it differs from request to request. */
  readonly credentialsAt: number;
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

  /**
   * Writes the request into `out` at `offset`; returns where it ends. With `credentials`, a whole header
   * line, it is the same request again, as the answer to a challenge.
   */
  write(out: Buffer, offset: number, sequence: number, credentials = ''): number {
    const { from, to } = this.parties(sequence);
    const attempt = credentials === '' ? 1 : 2;
    const template = this.#template(attempt, digitsOf(from), digitsOf(to));
    out.set(template.bytes, offset);
    for (const at of template.sequenceAt) digits(out, offset + at + sequenceDigits, sequence);
    for (const at of template.toAt) digits(out, offset + at + digitsOf(to), to);
    for (const at of template.fromAt) digits(out, offset + at + digitsOf(from), from);
    if (credentials === '') return offset + template.bytes.length;
    const at = offset + template.credentialsAt;
    const end = at + out.write(credentials, at, 'latin1');
    out.set(template.bytes.subarray(template.credentialsAt), end);
    return end + template.bytes.length - template.credentialsAt;
  }

  /** The Request-URI of a request from somebody to this user. */
  uri(to: number): string {
    const { method, domain } = this.#sender;
    return method === 'REGISTER' ? `sip:${domain}` : `sip:user${to}@${domain}`;
  }

  #template(attempt: 1 | 2, fromDigits: number, toDigits: number): Template {
    const key = (attempt * 16 + fromDigits) * 16 + toDigits;
    let template = this.#templates.get(key);
    if (template === undefined) {
      template = layOut(requestText(this.#sender, attempt), fromDigits, toDigits);
      this.#templates.set(key, template);
    }
    return template;
  }
}

/** Where the sequence number of a branch stands: right behind this. */
export function branchPrefix(run: string): string {
  return `branch=z9hG4bK${run}-`;
}

function requestText(sender: Sender, attempt: 1 | 2): string {
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
    ...(text === '' ? [] : ['Content-Type: text/plain']),
    `${marks.credentials}Content-Length: ${text.length}`,
    '',
    text,
  ].join('\r\n');
}

function layOut(text: string, fromDigits: number, toDigits: number): Template {
  const places: Record<Mark, number[]> = { sequence: [], to: [], from: [], credentials: [] };
  const widths = { sequence: sequenceDigits, to: toDigits, from: fromDigits, credentials: 0 };
  let bytes = '';
  for (const character of text) {
    const mark = markOf(character);
    if (mark !== undefined) places[mark].push(bytes.length);
    bytes += mark === undefined ? character : '0'.repeat(widths[mark]);
  }
  return {
    bytes: Buffer.from(bytes, 'latin1'),
    credentialsAt: places.credentials[0] ?? 0,
    sequenceAt: places.sequence,
    toAt: places.to,
    fromAt: places.from,
  };
}

function markOf(character: string): Mark | undefined {
  if (character === marks.sequence) return 'sequence';
  if (character === marks.to) return 'to';
  if (character === marks.from) return 'from';
  return character === marks.credentials ? 'credentials' : undefined;
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
