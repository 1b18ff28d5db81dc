import {
  type HeaderEdit,
  type SipMessage,
  SipResponse,
  StreamFramer,
  buildResponse,
  edit,
  parseMessage,
  validate,
} from '#sip';
import { type Case, parseGroup } from './measure.ts';
import { type Sample, invite, ok, register, sampleMessages } from './messages.ts';
import { own } from './page.ts';

/** The message of a chunk that holds one. */
function framed(framer: StreamFramer, chunk: Buffer): SipMessage {
  const event = framer.push(chunk)[0];
  if (event?.kind !== 'message') throw new Error('A message of the benchmark is none');
  return event.message;
}

/** Reads the headers every proxy needs: topmost Via, From, To, Call-ID, CSeq, Max-Forwards. */
function six(message: SipMessage): number {
  return (
    (message.topVia.branch?.length ?? 0) +
    (message.from.tag?.length ?? 0) +
    (message.to.tag?.length ?? 0) +
    message.callId.length +
    message.cseq.number +
    (message.maxForwards ?? 0)
  );
}

/** What a reader of the six headers has to come to. */
export function sixOf({ bytes }: Sample): number {
  return six(parseMessage(bytes));
}

/** Cutting and reading by the stream framer, as a connection does. */
function parsing({ name, bytes }: Sample): readonly Case[] {
  const framer = new StreamFramer();
  return [
    {
      group: parseGroup(name),
      name: own,
      run: () => six(framed(framer, bytes)),
    },
    {
      group: `cut ${name} only`,
      name: own,
      run: () => framed(framer, bytes).head.length,
    },
    {
      group: `parse and validate ${name}`,
      name: own,
      run: () => {
        const message = framed(framer, bytes);
        if (validate(message) !== undefined) throw new Error('A message of the benchmark is bad');
        return message.head.length;
      },
    },
  ];
}

/** What a forwarding Director changes (RFC 3261 16.6). */
const forwardEdits: readonly HeaderEdit[] = [
  { op: 'removeFirstValue', name: 'Route' },
  { op: 'set', name: 'Max-Forwards', value: '68' },
  { op: 'set', name: 'Max-Breadth', value: '60' },
  { op: 'prepend', name: 'Via', value: 'SIP/2.0/TLS dir1.contoso.com;branch=z9hG4bK4b43c2ff8d1' },
];
const dropVia: readonly HeaderEdit[] = [{ op: 'removeFirstValue', name: 'Via' }];
const redirect = {
  headers: [
    ['Contact', '<sip:pool1.contoso.com;transport=tls>'],
    ['Expires', '3600'],
  ] as const,
};

/** A connection's outgoing buffer; sixteen of them, as a batch of writes has. */
const out = Buffer.allocUnsafe(65536);

/** Writes the message behind others into one buffer. */
function send(message: SipMessage): number {
  return out.write(message.head, 0, 'latin1') + message.body.length;
}

function writing(): readonly Case[] {
  const request = parseMessage(invite);
  const response = parseMessage(ok);
  const asked = parseMessage(register);
  if (!request.isRequest || !(response instanceof SipResponse))
    throw new Error('A message of the benchmark is none');
  return [
    {
      group: 'edit and write a forwarded INVITE',
      name: own,
      run: () => send(edit(request, forwardEdits)),
    },
    {
      group: 'edit and write a forwarded 200',
      name: own,
      run: () => send(edit(response, dropVia)),
    },
    {
      group: 'build and write a 301 to REGISTER',
      name: own,
      run: () => send(buildResponse(asked, 301, 'Redirect request to Home Server', redirect)),
    },
  ];
}

function chunks(): readonly Case[] {
  return [1, 3, 10].map((count) => {
    const framer = new StreamFramer();
    const chunk = Buffer.concat(Array.from({ length: count }, () => register));
    return {
      group: `cut a chunk of ${count} REGISTER`,
      name: own,
      run: () => framer.push(chunk).length,
    };
  });
}

/** The work of a Director, without its sockets: a request comes, its answer or its copy leaves. */
function together(): readonly Case[] {
  const framer = new StreamFramer();
  return [
    {
      group: 'REGISTER in, 301 out',
      name: own,
      run: () => {
        const message = framed(framer, register);
        if (validate(message) !== undefined) throw new Error('A message of the benchmark is bad');
        return send(buildResponse(message, 301, 'Redirect request to Home Server', redirect));
      },
    },
    {
      group: 'INVITE in, forwarded INVITE out',
      name: own,
      run: () => {
        const message = framed(framer, invite);
        if (validate(message) !== undefined) throw new Error('A message of the benchmark is bad');
        return send(edit(message, forwardEdits));
      },
    },
    {
      group: '200 in, forwarded 200 out',
      name: own,
      run: () => {
        const message = framed(framer, ok);
        if (validate(message) !== undefined) throw new Error('A message of the benchmark is bad');
        return send(edit(message, dropVia));
      },
    },
  ];
}

/** Everything measured of our own, whoever else is there. */
export const ownCases: readonly Case[] = [
  ...sampleMessages.flatMap(parsing),
  ...writing(),
  ...chunks(),
  ...together(),
];
