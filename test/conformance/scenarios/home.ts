import { homed } from './scenario.ts';
import type { Scenarios } from './scenario.ts';

const registered = 'bob registers';
const invited = `${registered} | alice calls bob | bob <- INVITE [~P-Asserted-Identity sip:alice@contoso.com]`;
const answered = 'bob -> 200 | alice <- 200 | alice -> ACK | bob <- ACK';
const two = 'bob.desk registers | bob.mobile registers';
const atPlace = (place: string, more: string): string => `
  bob.${place} -> REGISTER [contact bob.${place}${more}] | bob.${place} <- 401
  bob.${place} -> REGISTER [contact bob.${place}${more}] [signed] | bob.${place} <- 200`;
const preferring = `${atPlace('desk', '')} | ${atPlace('mobile', ';q=0.5')}`;
const busy = (place: string): string =>
  `bob.${place} <- INVITE | bob.${place} -> 486 | bob.${place} <- ACK`;
const mobileAnswers = `bob.mobile <- INVITE | bob.mobile -> 200 | alice <- 200
  alice -> ACK | bob.mobile <- ACK`;

/** Calls to users where they are registered, with the caller proved by Digest (RFC 3261 22.3). */
export const home: Scenarios = {
  testDigestInviteBasic: homed(
    'a caller is challenged, asserted to the callee, and stays in the call without being asked again',
    `${invited} | bob -> 180 | alice <- 180 | ${answered} | alice -> BYE | bob <- BYE | bob -> 200 BYE | alice <- 200`,
  ),
  testInviteBogusAuth: homed(
    'credentials that cannot be read are none: a new challenge',
    `alice -> INVITE bob [Proxy-Authorization: Digest realm="contoso.com", nonce="x"] | alice <- 407 | alice -> ACK`,
  ),
  testInviteBadNonce: homed(
    'right password, foreign nonce: stale, and the fresh one is good (RFC 7616 3.3)',
    `${registered} | alice -> INVITE bob | alice <- 407 | alice -> ACK
     alice -> INVITE bob [signed forged] | alice <- 407 [~Proxy-Authenticate stale=true] | alice -> ACK
     alice -> INVITE bob [signed] | bob <- INVITE | ${answered}`,
  ),
  testInvite2543TidWithDigest: homed(
    'challenge and answer work with branches from before RFC 3261',
    `${registered} | alice -> INVITE bob [branch 1] | alice <- 407 | alice -> ACK
     alice -> INVITE bob [signed] [branch 1] | bob <- INVITE | ${answered}`,
  ),
  testNonInviteBadAuth: homed(
    'a wrong password is asked again',
    `alice -> MESSAGE bob | alice <- 407 | alice -> MESSAGE bob [signed wrong] | alice <- 407`,
  ),
  testInvite407Dropped: homed(
    'an INVITE that comes again gets its 407 again',
    `alice -> INVITE bob | alice <- 407 | alice -> INVITE [again] | alice <- 407 | alice -> ACK`,
  ),
  testInviteAck407Dropped: homed(
    'so it does until it is acknowledged',
    `alice -> INVITE bob | alice <- 407 | alice -> INVITE [again] [2 times] | alice <- 407 | alice <- 407
     wait 10s | alice -> ACK`,
  ),
  testNonInvite407Dropped: homed(
    'a MESSAGE that comes again is challenged again',
    'alice -> MESSAGE bob | alice <- 407 | alice -> MESSAGE [again] | alice <- 407',
  ),
  testInviteClientSpamsAck407: homed(
    'one ACK ends the 407, further ones are dropped',
    'alice -> INVITE bob | alice <- 407 | alice -> ACK [5 times]',
  ),
  testInviteClientDiesAfterSecondInvite: homed(
    'a caller who is gone leaves nothing behind',
    `${invited} | bob -> 180 | alice <- 180 | alice closes | bob -> 486 | bob <- ACK`,
  ),
  testInviteForgedUserInFrom: homed(
    'who proves to be alice cannot call as carol',
    `alice -> INVITE bob | alice <- 407 | alice -> ACK
     alice -> INVITE bob [From: <sip:carol@contoso.com>;tag=1] [signed] | alice <- 403 | alice -> ACK`,
  ),
  testInviteForgedHostInFrom: homed(
    'nor as somebody of another domain',
    `alice -> INVITE bob | alice <- 407 | alice -> ACK
     alice -> INVITE bob [From: <sip:alice@example.org>;tag=1] [signed] | alice <- 403 | alice -> ACK`,
  ),
  testInviteNoSuchUser: homed(
    'a user who does not exist: 404, for proved callers only',
    'alice calls nobody | alice <- 404 | alice -> ACK',
  ),
  testNonInviteNoContacts: homed(
    'a user who is registered nowhere: 480 (RFC 3261 16.5)',
    `alice -> MESSAGE bob | alice <- 407 | alice -> MESSAGE bob [signed] | alice <- 480`,
  ),
  testInviteAllBusyContacts: homed(
    'every place is asked at once; all busy is busy',
    `${two} | alice calls bob | ${busy('desk')} | ${busy('mobile')} | alice <- 486 | alice -> ACK`,
  ),
  testInviteSeqAllBusyContacts: homed(
    'places with lower q are asked later; all busy is busy',
    `${preferring} | alice calls bob | ${busy('desk')} | ${busy('mobile')} | alice <- 486 | alice -> ACK`,
  ),
  test2Parallel: homed(
    'equal q: both ring at once (RFC 3261 16.6)',
    `${two} | alice calls bob | bob.desk <- INVITE | bob.desk -> 180 | alice <- 180 | ${mobileAnswers}
     bob.desk <- CANCEL | bob.desk -> 200 CANCEL | bob.desk -> 487 | bob.desk <- ACK`,
  ),
  test2Serial: homed(
    'different q: the second rings when the first has refused',
    `${preferring} | alice calls bob | ${busy('desk')} | ${mobileAnswers}`,
  ),
  testMultiContactSerial: homed(
    'and not when the first has answered',
    `${preferring} | alice calls bob | bob.desk <- INVITE | bob.desk -> 200 | alice <- 200 | alice -> ACK | bob.desk <- ACK`,
  ),
  testSequentialQValueInvite: homed(
    'three values of q, three rounds, the highest first',
    `${preferring} | ${atPlace('office', ';q=0.7')} | alice calls bob | ${busy('desk')} | ${busy('office')} | ${mobileAnswers}`,
  ),
};
