import { proxied } from './scenario.ts';
import type { Scenarios } from './scenario.ts';

const sent = 'alice -> MESSAGE bob | bob <- MESSAGE';
const delivered = `${sent} | bob -> 200 | alice <- 200`;
const refused = (status: number): string => `${sent} | bob -> ${status} | alice <- ${status}`;
const tooLate = 'alice reflects MESSAGE [as CANCEL] | alice <- 481 CANCEL';

/** Requests other than INVITE (RFC 3261 17.1.2 and 17.2.2, RFC 4320). */
export const messages: Scenarios = {
  testNonInviteTLS: proxied('a MESSAGE and its answer pass over TLS', delivered),
  testNonInviteBusy: proxied('a refusal passes', refused(486)),
  testNonInvite4xxResponse: proxied('a 4xx passes', refused(404)),
  testNonInvite5xxResponse: proxied('a 5xx passes', refused(500)),
  testNonInvite6xxResponse: proxied('a 6xx passes', refused(603)),
  testNonInviteWith180: proxied(
    'nothing provisional but 100 goes back (RFC 4320 4.1)',
    `${sent} | bob -> 180 | bob -> 200 | alice <- 200`,
  ),
  testNonInviteSpam180: proxied(
    'however often',
    `${sent} | bob -> 180 [5 times] | bob -> 200 | alice <- 200`,
  ),
  testNonInviteSpam200: proxied(
    'the first final answer counts',
    `${sent} | bob -> 200 [5 times] | alice <- 200`,
  ),
  testNonInviteServerRetransmission: proxied(
    'an answer that comes again stays here',
    `${delivered} | bob -> 200 [again]`,
  ),
  testNonInvite200then180: proxied('nothing comes after it', `${delivered} | bob -> 180`),
  testNit2xxThen1xx: proxied('no provisional response', `${delivered} | bob -> 100 | bob -> 183`),
  testNit2xxThen4xx: proxied('no refusal', `${delivered} | bob -> 404`),
  testNit4xxThen1xx: proxied(
    'nor after a refusal: no provisional one',
    `${refused(404)} | bob -> 180`,
  ),
  testNit4xxThen2xx: proxied('no 2xx', `${refused(404)} | bob -> 200`),
  testNitMultiple4xx: proxied('no other refusal', `${refused(404)} | bob -> 403 | bob -> 480`),
  testNonInviteClientRetransmissionsWithRecovery: proxied(
    'a request that comes again before its answer reaches the callee once',
    `${sent} | alice -> MESSAGE [again] [3 times] | bob -> 200 | alice <- 200`,
  ),
  testNonInviteSpamRequestBeforeResponse: proxied(
    'however often',
    `alice -> MESSAGE bob [10 times] | bob <- MESSAGE | bob -> 200 | alice <- 200`,
  ),
  testNonInviteSpamRequestAfterResponse: proxied(
    'after its answer nothing is remembered on a reliable transport: timer J is 0',
    `${delivered} | alice -> MESSAGE [again] | bob <- MESSAGE | bob -> 200 | alice <- 200`,
  ),
  testNonInviteClientRetransmissionsWithTimeout: proxied(
    'when nobody answers, the client has given up by itself: no 408 (RFC 4320 4.2)',
    `${sent} | alice -> MESSAGE [again] | wait 32s | bob -> 200`,
  ),
  testNitMalformed1xxWithTimeout: proxied(
    'a malformed provisional response is none',
    `${sent} | bob -> 100 [To: <sip:bob@contoso.com] | wait 32s`,
  ),
  testNonInviteWithAck200: proxied(
    'an ACK nobody asked for belongs to no transaction; it passes and ends at the callee',
    `${delivered} | alice reflects MESSAGE [as ACK] | bob <- ACK`,
  ),
  testNonInviteWithAckFailure: proxied(
    'also after a refusal',
    `${refused(404)} | alice reflects MESSAGE [as ACK] | bob <- ACK`,
  ),
  testNonInviteWith180andCancel: proxied(
    'a CANCEL for anything but an INVITE is confirmed and changes nothing (RFC 3261 9.2)',
    `${sent} | bob -> 180 | alice reflects MESSAGE [as CANCEL] | alice <- 200 CANCEL
     bob -> 200 | alice <- 200`,
  ),
  testNonInvite200ThenCancel: proxied(
    'after the 2xx there is nothing left to cancel',
    `${delivered} | ${tooLate}`,
  ),
  testNonInvite400ThenCancel: proxied('nor after a 4xx', `${refused(400)} | ${tooLate}`),
  testNonInvite500ThenCancel: proxied('nor after a 5xx', `${refused(500)} | ${tooLate}`),
};
