import { proxied } from './scenario.ts';
import type { Scenarios } from './scenario.ts';

const sent = 'alice -> INVITE bob | bob <- INVITE';
const rings = `${sent} | bob -> 180 | alice <- 180`;
const acknowledged = 'alice -> ACK | bob <- ACK';
const accepted = `${rings} | bob -> 200 | alice <- 200`;
const refused = (status: number, seen = status): string =>
  `${rings} | bob -> ${status} | bob <- ACK | alice <- ${seen}`;
const cancels = 'alice -> CANCEL | alice <- 200 CANCEL';

/** What crosses, comes late, comes again or never comes. */
export const races: Scenarios = {
  testTimerC: proxied(
    'a call that rings for more than three minutes is cancelled (RFC 3261 16.8)',
    `${rings} | wait 185s | bob <- CANCEL | bob -> 200 CANCEL | bob -> 487 | bob <- ACK | alice <- 487 | alice -> ACK`,
  ),
  testCancelTimeout: proxied(
    'a callee who ignores the CANCEL is not waited for longer than 64*T1 (RFC 3261 9.1)',
    `${rings} | ${cancels} | bob <- CANCEL | wait 32s | alice <- 487 | alice -> ACK`,
  ),
  testInviteCallerCancelsNo487: proxied(
    'a callee who confirms the CANCEL and forgets the INVITE is not waited for either',
    `${rings} | ${cancels} | bob <- CANCEL | bob -> 200 CANCEL | wait 32s | alice <- 487 | alice -> ACK`,
  ),
  testInviteCallerCancelsWithRace: proxied(
    'a CANCEL that crosses the 200 changes nothing: the call stands',
    `${rings} | ${cancels} | bob <- CANCEL | bob -> 200 INVITE | alice <- 200 | bob -> 200 CANCEL | ${acknowledged}
     alice -> BYE | bob <- BYE | bob -> 200 BYE | alice <- 200`,
  ),
  testInviteCancelBefore1xx: proxied(
    'a CANCEL waits until the callee has said something (RFC 3261 9.1)',
    `${sent} | ${cancels} | bob -> 180 | alice <- 180 | bob <- CANCEL | bob -> 200 CANCEL | bob -> 487 | bob <- ACK
     alice <- 487 | alice -> ACK`,
  ),
  testInviteCancelBefore1xxNo487: proxied(
    'and when the callee then forgets the INVITE, it still ends',
    `${sent} | ${cancels} | bob -> 180 | alice <- 180 | bob <- CANCEL | bob -> 200 CANCEL | wait 32s
     alice <- 487 | alice -> ACK`,
  ),
  testInviteCancelBefore1xxNo487or1xx: proxied(
    'a callee who never says a word never gets the CANCEL; timer B ends the INVITE',
    `${sent} | ${cancels} | wait 32s | alice <- 487 | alice -> ACK`,
  ),
  testInvite200BeatsCancelClientSide: proxied(
    'CANCEL after the 200 is confirmed and does nothing (RFC 3261 9.2)',
    `${accepted} | ${cancels} | ${acknowledged}`,
  ),
  testInvite486BeatsCancelClientSide: proxied(
    'CANCEL after the 486 is confirmed and does nothing',
    `${refused(486)} | ${cancels} | alice -> ACK`,
  ),
  testInvite503BeatsCancelClientSide: proxied(
    'CANCEL after the 503 is confirmed and does nothing',
    `${refused(503, 504)} | ${cancels} | alice -> ACK`,
  ),
  testInvite486BeatsCancelServerSide: proxied(
    'a 486 that crosses the CANCEL is the answer',
    `${rings} | ${cancels} | bob <- CANCEL | bob -> 486 | bob <- ACK | bob -> 200 CANCEL | alice <- 486 | alice -> ACK`,
  ),
  testInvite503BeatsCancelServerSide: proxied(
    'a 503 that crosses the CANCEL ends the call too',
    `${rings} | ${cancels} | bob <- CANCEL | bob -> 503 | bob <- ACK | bob -> 481 CANCEL | alice <- 504 | alice -> ACK`,
  ),
  testInvite2xxThen1xx: proxied(
    'a provisional response after the 2xx is dropped (RFC 6026 7.2)',
    `${accepted} | bob -> 180 | ${acknowledged}`,
  ),
  testInviteServerSends180After200: proxied(
    'the same, when the call is acknowledged already',
    `${accepted} | ${acknowledged} | bob -> 180`,
  ),
  testInvite2xxThen4xx: proxied(
    'a refusal after the 2xx is dropped (RFC 6026 7.2)',
    `${accepted} | bob -> 486 | ${acknowledged}`,
  ),
  testInvite2xxThen6xx: proxied('so is a 6xx', `${accepted} | bob -> 603 | ${acknowledged}`),
  testInvite4xxThen1xx: proxied(
    'nothing comes after a refusal: no 1xx',
    `${refused(486)} | bob -> 180 | alice -> ACK`,
  ),
  testInvite4xxThen2xx: proxied(
    'no 2xx: stray responses are not forwarded (RFC 6026 8.9)',
    `${refused(486)} | bob -> 200 | alice -> ACK`,
  ),
  testInvite6xxThen2xx: proxied('nor after a 6xx', `${refused(603)} | bob -> 200 | alice -> ACK`),
  testInviteMultiple4xx: proxied(
    'of several refusals of one branch the first counts',
    `${refused(486)} | bob -> 404 | bob -> 480 | alice -> ACK`,
  ),
  testInviteServerRetransmits486: proxied(
    'a refusal that comes again stays here (timer D is 0 on TLS)',
    `${refused(486)} | bob -> 486 [again] | bob -> 486 [again] | alice -> ACK`,
  ),
  testInviteServerRetransmits503: proxied(
    'so does a 503',
    `${refused(503, 504)} | bob -> 503 [again] | alice -> ACK`,
  ),
  testInviteServerRetransmits603: proxied(
    'so does a 603',
    `${refused(603)} | bob -> 603 [again] | alice -> ACK`,
  ),
  testInviteNotFoundServerRetransmits: proxied(
    "so does the callee's own 404",
    `${refused(404)} | bob -> 404 [again] | alice -> ACK`,
  ),
  testInviteServerSpams180: proxied(
    'every 180 goes back',
    `${rings} | bob -> 180 [again] [3 times] | alice <- 180 | alice <- 180 | alice <- 180
     bob -> 200 | alice <- 200 | ${acknowledged}`,
  ),
  testInviteServerSpams200: proxied(
    'every 2xx goes back: the callee has no ACK yet (RFC 3261 13.3.1.4)',
    `${accepted} | bob -> 200 [again] [3 times] | alice <- 200 | alice <- 200 | alice <- 200 | ${acknowledged}`,
  ),
  testInviteClientMissedAck: proxied(
    'a refusal nobody acknowledges is over with timer H',
    `${refused(486)} | wait 32s`,
  ),
  testInviteClientMissedAck2: proxied(
    'a 2xx nobody acknowledges is between the ends: the callee repeats it and hangs up',
    `${accepted} | bob -> 200 [again] | alice <- 200 | wait 32s
     bob -> BYE | alice <- BYE | alice -> 481 BYE | bob <- 481`,
  ),
  testInviteClientLateAck: proxied(
    'an ACK of a 2xx passes however late it is',
    `${accepted} | wait 60s | ${acknowledged}`,
  ),
  testInviteClientRetransmitsAfter200: proxied(
    'an INVITE that comes again after the 2xx is absorbed (RFC 6026 7.1)',
    `${accepted} | alice -> INVITE [again] | ${acknowledged}`,
  ),
  testInviteClientRetransmissionsWithRecovery: proxied(
    'an INVITE that comes again before an answer reaches the callee once',
    `alice -> INVITE bob | alice -> INVITE [again] | bob <- INVITE | bob -> 180 | alice <- 180
     alice -> INVITE [again] | alice <- 180 | bob -> 200 | alice <- 200 | ${acknowledged}`,
  ),
  testInviteClientSpamsInvite: proxied(
    'however often it comes',
    `alice -> INVITE bob [10 times] | bob <- INVITE | bob -> 200 | alice <- 200 | ${acknowledged}`,
  ),
  testInviteClientSpamsAck200: proxied(
    'every ACK of a 2xx passes: it belongs to no transaction (RFC 3261 16.11)',
    `${accepted} | alice -> ACK [3 times] | bob <- ACK | bob <- ACK | bob <- ACK`,
  ),
  testInviteClientDiesAfterFirstInvite: proxied(
    'a caller who is gone leaves nothing behind: what is for him is dropped',
    `${rings} | alice closes | bob -> 200 | wait 32s`,
  ),
  testInviteServerDead: proxied(
    'a callee whose connection is gone gets nothing, the caller 504 at once',
    'bob -> MESSAGE alice | alice <- MESSAGE | alice -> 200 | bob <- 200 | bob closes | alice -> INVITE bob | alice <- 504 | alice -> ACK',
  ),
  testInviteTransportFailure: proxied(
    'a connection that breaks while the callee rings ends the branch (RFC 3261 16.9)',
    `${rings} | bob closes | alice <- 504 | alice -> ACK`,
  ),
  testInviteMalformed1xxWithTimeout: proxied(
    'a malformed provisional response is none: timer B ends the INVITE (RFC 3261 18.1.2)',
    `${sent} | bob -> 180 [To: <sip:bob@contoso.com] | wait 32s | alice <- 408 | alice -> ACK`,
  ),
};
