import { proxied } from './scenario.ts';
import type { Scenarios } from './scenario.ts';

const both = 'desk + mobile';
const inTurn = 'desk ; mobile';
const three = 'desk + mobile + office';
const threeInTurn = 'desk ; mobile ; office';
const rings = 'alice -> INVITE bob | desk <- INVITE | desk -> 180 | alice <- 180';
const bothRing = `${rings} | mobile <- INVITE | mobile -> 180 | alice <- 180`;
const allRing = `${bothRing} | office <- INVITE | office -> 180 | alice <- 180`;
const refuses = (who: string, status: number): string => `${who} -> ${status} | ${who} <- ACK`;
const mobileAnswers = 'mobile -> 200 | alice <- 200 | alice -> ACK | mobile <- ACK';
const gives = (status: number): string => `alice <- ${status} | alice -> ACK`;
const cancelled = (who: string): string =>
  `${who} <- CANCEL | ${who} -> 200 CANCEL | ${refuses(who, 487)}`;
const cancels = 'alice -> CANCEL | alice <- 200 CANCEL';
const hangsUp = (by: string, other: string): string =>
  `${by} -> BYE | ${other} <- BYE | ${other} -> 200 BYE | ${by} <- 200`;
const deskRefuses = (status: number): string => `${rings} | ${refuses('desk', status)}`;
const mobileNext = 'mobile <- INVITE | mobile -> 180 | alice <- 180';

/** One call, several phones (RFC 3261 16.7): at once, or one after the other. */
export const forks: Scenarios = {
  testInviteForkOneAnswers: proxied(
    'the first 2xx goes back and the other branch is cancelled, with the reason (RFC 3326)',
    `${bothRing} | mobile -> 200 | desk <- CANCEL [~Reason Call completed elsewhere] | desk -> 200 CANCEL
     ${refuses('desk', 487)} | alice <- 200 | alice -> ACK | mobile <- ACK`,
    both,
  ),
  testInviteForkOneBusy: proxied(
    'one refusal leaves the other branch ringing',
    `${bothRing} | ${refuses('desk', 486)} | ${mobileAnswers}`,
    both,
  ),
  testInviteForkBothBusy: proxied(
    'when all have refused, the best answer goes back',
    `${bothRing} | ${refuses('desk', 486)} | ${refuses('mobile', 486)} | ${gives(486)}`,
    both,
  ),
  testInviteForkCalleeHangsUp: proxied(
    'the phone that answered ends the call',
    `${bothRing} | ${refuses('desk', 486)} | ${mobileAnswers} | ${hangsUp('mobile', 'alice')}`,
    both,
  ),
  testInviteForkCallerHangsUp: proxied(
    'the BYE reaches the phone that answered, and nobody else',
    `${bothRing} | ${refuses('desk', 486)} | ${mobileAnswers} | ${hangsUp('alice', 'mobile')}`,
    both,
  ),
  testInviteForkCallerCancels: proxied(
    'CANCEL goes to every branch; one 487 goes back',
    `${bothRing} | ${cancels} | ${cancelled('desk')} | ${cancelled('mobile')} | ${gives(487)}`,
    both,
  ),
  testInviteForkThreeCallerCancels: proxied(
    'CANCEL goes to all three',
    `${allRing} | ${cancels} | ${cancelled('desk')} | ${cancelled('mobile')} | ${cancelled('office')} | ${gives(487)}`,
    three,
  ),
  testInviteFork200And4xx: proxied(
    'a 2xx wins over a 4xx',
    `${bothRing} | ${refuses('desk', 404)} | ${mobileAnswers}`,
    both,
  ),
  testInviteFork200And5xx: proxied(
    'a 2xx wins over a 5xx',
    `${bothRing} | ${refuses('desk', 500)} | ${mobileAnswers}`,
    both,
  ),
  testInviteFork200Beats6xx: proxied(
    'a 6xx after the 2xx stays here',
    `${bothRing} | mobile -> 200 | alice <- 200 | desk <- CANCEL | desk -> 200 CANCEL
     ${refuses('desk', 603)} | alice -> ACK | mobile <- ACK`,
    both,
  ),
  testInviteFork6xxBeats200: proxied(
    'a 6xx cancels the others; a 2xx that was quicker than its CANCEL is a call all the same',
    `${bothRing} | ${refuses('desk', 603)} | mobile <- CANCEL | mobile -> 200 INVITE | mobile -> 200 CANCEL
     alice <- 200 | alice -> ACK | mobile <- ACK`,
    both,
  ),
  testInviteFork4xx5xx6xx: proxied(
    'a 6xx goes back whatever else there is',
    `${allRing} | ${refuses('desk', 486)} | ${refuses('mobile', 500)} | ${refuses('office', 603)} | ${gives(603)}`,
    three,
  ),
  testInviteFork4xxAnd5xx: proxied(
    'the lowest class goes back',
    `${bothRing} | ${refuses('desk', 500)} | ${refuses('mobile', 486)} | ${gives(486)}`,
    both,
  ),
  testInviteForkAll4xxResponses: proxied(
    'of 4xx one that helps the caller to ask better',
    `${allRing} | ${refuses('desk', 404)} | ${refuses('mobile', 484)} | ${refuses('office', 486)} | ${gives(484)}`,
    three,
  ),
  testInviteForkAll5xxResponses: proxied(
    'of 5xx any but 503',
    `${allRing} | ${refuses('desk', 503)} | ${refuses('mobile', 500)} | ${refuses('office', 503)} | ${gives(500)}`,
    three,
  ),
  testInviteForkAll6xxResponses: proxied(
    'the first 6xx goes back when the others have ended',
    `${bothRing} | ${refuses('desk', 600)} | mobile <- CANCEL | mobile -> 200 CANCEL
     ${refuses('mobile', 603)} | ${gives(600)}`,
    both,
  ),
  testInviteForkAllAnswerNo1xx: proxied(
    'several 2xx all go back, and each gets its ACK (RFC 3261 13.2.2.4)',
    `alice -> INVITE bob | desk <- INVITE | mobile <- INVITE | office <- INVITE
     desk -> 200 | alice <- 200 | alice -> ACK | desk <- ACK
     mobile -> 200 | alice <- 200 | alice -> ACK | mobile <- ACK
     office -> 200 | alice <- 200 | alice -> ACK | office <- ACK`,
    three,
  ),
  testInviteForkBothAnswerNoProvisional: proxied(
    'nobody is cancelled who has not said anything: both 2xx go back',
    `alice -> INVITE bob | desk <- INVITE | mobile <- INVITE | desk -> 200 | mobile -> 200
     alice <- 200 | alice -> ACK | desk <- ACK | alice <- 200 | alice -> ACK | mobile <- ACK`,
    both,
  ),
  testInviteForkRedirect: proxied(
    'a redirect goes back before a refusal',
    `${bothRing} | ${refuses('desk', 486)} | mobile -> 302 [Contact: <sip:carol@contoso.com>] | mobile <- ACK
     alice <- 302 [Contact: <sip:carol@contoso.com>] | alice -> ACK`,
    both,
  ),
  testInviteForkMerges: proxied(
    'a callee who gets the same call on two ways refuses the second (RFC 3261 8.2.2.2); the first stands',
    `alice -> INVITE bob | one <- INVITE | two <- INVITE
     one relays INVITE [uri sip:carol@contoso.com] | carol <- INVITE | carol -> 200 | one <- 200
     one relays 200 | alice <- 200 | alice -> ACK | carol <- ACK
     two relays INVITE [uri sip:carol@contoso.com] | carol <- INVITE | carol -> 482 | carol <- ACK
     two <- 482 | two relays 482 | two <- ACK`,
    'one + two',
  ),
  testForkedInviteClientLateAck: proxied(
    'an ACK half a minute after the 2xx still finds its way',
    `${bothRing} | ${refuses('desk', 486)} | mobile -> 200 | alice <- 200 | wait 31s
     alice -> ACK | mobile <- ACK`,
    both,
  ),
  testInviteSeqForkOneBusy: proxied(
    'the second is asked when the first has refused',
    `${deskRefuses(486)} | ${mobileNext} | ${mobileAnswers}`,
    inTurn,
  ),
  testInviteSeqForkCalleeHangsUp: proxied(
    'the second phone answers and ends the call',
    `${deskRefuses(486)} | ${mobileNext} | ${mobileAnswers} | ${hangsUp('mobile', 'alice')}`,
    inTurn,
  ),
  testInviteSeqForkCallerHangsUp: proxied(
    'the second phone answers, the caller ends the call',
    `${deskRefuses(486)} | ${mobileNext} | ${mobileAnswers} | ${hangsUp('alice', 'mobile')}`,
    inTurn,
  ),
  testInviteSeqForkCallerCancels: proxied(
    'a CANCEL ends the search: nobody further is asked',
    `${rings} | ${cancels} | ${cancelled('desk')} | ${gives(487)}`,
    inTurn,
  ),
  testInviteSeqFork200And4xx: proxied(
    'a 4xx, then a 2xx',
    `${deskRefuses(404)} | ${mobileNext} | ${mobileAnswers}`,
    inTurn,
  ),
  testInviteSeqFork200And5xx: proxied(
    'a 5xx, then a 2xx',
    `${deskRefuses(500)} | ${mobileNext} | ${mobileAnswers}`,
    inTurn,
  ),
  testInviteSeqFork4xxAnd5xx: proxied(
    'the lowest class of all that was said goes back',
    `${deskRefuses(486)} | ${mobileNext} | ${refuses('mobile', 500)} | ${gives(486)}`,
    inTurn,
  ),
  testInviteSeqFork4xx5xx6xx: proxied(
    'a 6xx goes back whatever was said before',
    `${deskRefuses(486)} | ${mobileNext} | ${refuses('mobile', 500)}
     office <- INVITE | ${refuses('office', 603)} | ${gives(603)}`,
    threeInTurn,
  ),
  testInviteSeqFork6xxResponse: proxied(
    'after a 6xx nobody further is asked',
    `${deskRefuses(603)} | ${gives(603)}`,
    inTurn,
  ),
  testInviteSeqForkAll4xxResponses: proxied(
    'of 4xx one that helps the caller',
    `${deskRefuses(484)} | ${mobileNext} | ${refuses('mobile', 486)} | ${gives(484)}`,
    inTurn,
  ),
  testInviteSeqForkAll5xxResponses: proxied(
    'of 5xx any but 503',
    `${deskRefuses(503)} | ${mobileNext} | ${refuses('mobile', 580)} | ${gives(580)}`,
    inTurn,
  ),
  testTimerCForked: proxied(
    'timer C cancels every branch that rings for more than three minutes (RFC 3261 16.8)',
    `${bothRing} | wait 185s | ${cancelled('desk')} | ${cancelled('mobile')} | ${gives(487)}`,
    both,
  ),
  testTimerCForkedSequential: proxied(
    'timer C ends one branch, and the next is asked',
    `${rings} | wait 185s | ${cancelled('desk')} | ${mobileNext} | ${mobileAnswers}`,
    inTurn,
  ),
  testTimerCInterference: proxied(
    'every provisional response begins timer C anew, for its own branch only',
    `${bothRing} | wait 170s | mobile -> 180 | alice <- 180 | wait 15s | ${cancelled('desk')} | ${mobileAnswers}`,
    both,
  ),
};
