import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { type HeaderEdit, edit } from './edit.ts';
import { SipSyntaxError } from './errors.ts';
import { type FrameEvent, StreamFramer } from './framer.ts';
import { type Limits, defaultLimits } from './limits.ts';
import { type SipMessage, SipRequest, type SipResponse } from './message.ts';
import type { NameAddr } from './name-addr.ts';
import {
  type AddressAccount,
  type MessageAccount,
  type Outcome,
  type ParamList,
  type StartLine,
  type StreamAccount,
  type ViaAccount,
  describeStream,
} from './oracle.fixture.ts';
import { editByList } from './oracle-edits.fixture.ts';
import type { Params } from './params.ts';
import type { SipUri } from './uri.ts';
import type { Via } from './via.ts';

/** What the product says about bytes, in the words of the oracle, so that the two can be compared. */

/** A view of the product: refusing is the one error it may throw. */
function outcome<Value>(read: () => Value): Outcome<Value> {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof SipSyntaxError) return 'refused';
    throw error;
  }
}

function paramList(read: () => Params): ParamList {
  return outcome(() => [...read()]);
}

function viaAccount(via: Via): ViaAccount {
  const { transport, host, port, branch } = via;
  return { transport, host, port, branch, params: paramList(() => via.params) };
}

function addressAccount(address: NameAddr): AddressAccount {
  const { display, uri, tag } = address;
  return { display, uri, tag, params: paramList(() => address.params) };
}

function uriAccount({ scheme, user, password, host, port, params, headers }: SipUri) {
  return { scheme, user, password, host, port, params: [...params], headers };
}

function startLine(message: SipRequest | SipResponse): StartLine {
  const fault = message.startLineFault;
  if (fault === 'startline-syntax') {
    return { fault: message.isRequest ? 'request-syntax' : 'status-syntax' };
  }
  return message.isRequest
    ? { fault, method: message.method, uri: message.requestUri }
    : { fault, status: message.status, reason: message.reason };
}

/** Everything the message layer says about one message. */
export function messageAccount(message: SipMessage): MessageAccount {
  assert.ok(isEither(message));
  const line = startLine(message);
  return {
    text: message.toBytes().toString('latin1'),
    startLine: line,
    fields: message.entries(),
    uri:
      message instanceof SipRequest && line.fault !== 'request-syntax'
        ? outcome(() => uriAccount(message.uri))
        : undefined,
    topVia: outcome(() => viaAccount(message.topVia)),
    vias: outcome(() => message.vias.map(viaAccount)),
    from: outcome(() => addressAccount(message.from)),
    to: outcome(() => addressAccount(message.to)),
    callId: outcome(() => message.callId),
    cseq: outcome(() => message.cseq),
    maxForwards: outcome(() => message.maxForwards),
    contacts: outcome(() => {
      const { contacts } = message;
      return contacts === '*' ? contacts : contacts.map(addressAccount);
    }),
    routes: outcome(() => message.routes.map(addressAccount)),
    recordRoutes: outcome(() => message.recordRoutes.map(addressAccount)),
  };
}

function isEither(message: SipMessage): message is SipRequest | SipResponse {
  return 'isRequest' in message;
}

/** The messages in these chunks, and the head that could be read before framing was lost. */
export function headsOf(chunks: readonly Buffer[]): SipMessage[] {
  const framer = new StreamFramer();
  const heads: SipMessage[] = [];
  for (const chunk of chunks) {
    for (const event of framer.push(chunk)) {
      if (event.kind === 'message') heads.push(event.message);
      if (event.kind === 'fault' && event.fault.head !== undefined) heads.push(event.fault.head);
    }
  }
  return heads;
}

/** Everything the framer says about the bytes of an accepted connection that come in these chunks. */
export function streamAccount(chunks: readonly Buffer[], limits: Partial<Limits>): StreamAccount {
  const framer = new StreamFramer({ ...defaultLimits, ...limits });
  const events: FrameEvent[] = [];
  for (const chunk of chunks) events.push(...framer.push(chunk));
  return {
    events: events.map((event) => {
      if (event.kind === 'message') return messageAccount(event.message);
      if (event.kind === 'pong') assert.fail('A pong came out of an accepted connection');
      if (event.kind === 'ping') return event.kind;
      const { code, status, head } = event.fault;
      return { fault: code, status, head: head === undefined ? undefined : messageAccount(head) };
    }),
    waiting: framer.waiting,
  };
}

/** Throws, and shows the difference, unless parser and oracle say the same about the bytes. */
export function assertAgreement(
  chunks: readonly Buffer[],
  limits: Partial<Limits> = {},
): StreamAccount {
  const parser = streamAccount(chunks, limits);
  const text = Buffer.concat(chunks).toString('latin1');
  const oracle = describeStream(text, { ...defaultLimits, ...limits });
  // The cheap look first: almost always there is nothing to show.
  if (!isDeepStrictEqual(parser, oracle)) {
    assert.deepEqual(parser, oracle, `Parser and oracle differ about ${JSON.stringify(text)}`);
  }
  return oracle;
}

/** Throws unless the edits give what they make of a plain list of lines, or both refuse them. */
export function assertEditAgreement(message: SipMessage, edits: readonly HeaderEdit[]): void {
  const expected = editByList(message.head, edits);
  const edited = outcome(() => edit(message, edits));
  if (edited === 'refused') {
    assert.equal(expected, undefined);
    return;
  }
  assert.equal(edited.value.head, expected);
  assert.equal(edited.value.body, message.body);
}
