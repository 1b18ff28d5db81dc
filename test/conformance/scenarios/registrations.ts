import { homed, twinned } from './scenario.ts';
import type { Scenarios } from './scenario.ts';

const challenged = 'alice -> REGISTER | alice <- 401';
const binds = (contact: string): string =>
  `alice -> REGISTER [contact ${contact}] [signed] | alice <- 200`;
const bound = (contact: string): string => `${challenged} | ${binds(contact)}`;
const has = (contact: string): string =>
  `alice -> REGISTER [signed] | alice <- 200 [contact ${contact}]`;
const forBob =
  'alice -> REGISTER [contact desk] [To: <sip:bob@contoso.com>] [signed] | alice <- 403';
const long = 'x'.repeat(600);

/** One user and her places: the registrar of RFC 3261 10.3. */
export const registrations: Scenarios = {
  testRegisterBasic: twinned(
    'a challenge, and with the right answer the binding, for an hour',
    `alice -> REGISTER [contact desk] | alice <- 401
     alice -> REGISTER [contact desk] [signed] | alice <- 200 [contact desk;expires=3600]`,
  ),
  testDigestRegister: homed(
    'the challenge names realm and algorithm; the answer signs alice in (RFC 8760)',
    `alice -> REGISTER [contact desk] | alice <- 401 [~WWW-Authenticate realm="contoso.com"]
     alice -> REGISTER [contact desk] [signed wrong] | alice <- 401
     alice -> REGISTER [contact desk] [signed] | alice <- 200 [contact desk]`,
  ),
  testRegisterBadNonce: homed(
    'right password, foreign nonce: stale, and nothing is bound',
    `${challenged} | alice -> REGISTER [contact desk] [signed forged] | alice <- 401 [~WWW-Authenticate stale=true]
     ${has('none')}`,
  ),
  testRegisterBogusAuth: twinned(
    'credentials that cannot be read are none: a new challenge',
    `alice -> REGISTER [contact desk] [Authorization: Digest realm="contoso.com", nonce="x"] | alice <- 401
     ${has('none')}`,
  ),
  testRegisterLateDigestResponse: twinned(
    'an answer to a challenge of long ago is stale, the next one good',
    `${challenged} | wait 301s | alice -> REGISTER [contact desk] [signed] | alice <- 401 [~WWW-Authenticate stale=true]
     ${binds('desk')}`,
  ),
  testRegister407Dropped: twinned(
    'a REGISTER that comes again is challenged again',
    `alice -> REGISTER [contact desk] | alice <- 401 | alice -> REGISTER [again] | alice <- 401 | ${binds('desk')}`,
  ),
  testRegisterClientRetransmits: twinned(
    'a REGISTER that comes again before its answer is answered once',
    `${challenged} | alice -> REGISTER [contact desk] [signed] [3 times] | alice <- 200 [contact desk]`,
  ),
  testRegisterNewCallId: homed(
    'another Call-ID is another client run: its CSeq may be anything (RFC 3261 10.3 step 7)',
    `${bound('desk')} | alice -> REGISTER [contact desk;expires=600] [signed] [Call-ID: other] [cseq 1]
     alice <- 200 [contact desk;expires=600]`,
  ),
  testRegisterNewCallIdSameSequence: homed(
    'also the same',
    `${bound('desk')} | alice -> REGISTER [contact desk;expires=600] [signed] [Call-ID: other] [cseq 2]
     alice <- 200 [contact desk;expires=600]`,
  ),
  testRegisterOutOfSequence: homed(
    'a lower CSeq of the same Call-ID was overtaken: it fails and changes nothing (RFC 3261 10.3 step 7)',
    `${bound('desk')} | alice -> REGISTER [contact desk;expires=0] [signed] [cseq 1] | alice <- 400 | ${has('desk')}`,
  ),
  testRegisterNoUserInTo: twinned(
    'an address-of-record without user is none (RFC 3261 10.3 step 5)',
    `${challenged} | alice -> REGISTER [contact desk] [To: <sip:contoso.com>] [signed] | alice <- 404`,
  ),
  testRegisterUnknownAorHost: twinned(
    'an address-of-record of another domain is none here (RFC 3261 10.3 step 5)',
    `${challenged} | alice -> REGISTER [contact desk] [To: <sip:alice@example.org>] [signed] | alice <- 404`,
  ),
  testRegisterUnknownAorUser: twinned(
    'one of a user who does not exist is not hers either, and does not say so',
    `${challenged} | alice -> REGISTER [contact desk] [To: <sip:nobody@contoso.com>] [signed] | alice <- 403`,
  ),
  testRegisterUserInReqUri: twinned(
    'a user in the Request-URI, which ought not to be there, changes nothing (RFC 3261 10.2)',
    `${challenged} | alice -> REGISTER [contact desk] [uri sip:alice@contoso.com] [signed] | alice <- 200 [contact desk]`,
  ),
  testRegisterWithRecordRoute: twinned(
    'Record-Route means nothing in a REGISTER and is not given back (RFC 3261 10.3)',
    `${challenged} | alice -> REGISTER [contact desk] [Record-Route: <sip:evil.invalid;lr>] [signed]
     alice <- 200 [contact desk] [-Record-Route]`,
  ),
  testOversizeCallIdRegister: twinned(
    'what would be kept in memory has bounds: Call-ID',
    `${challenged} | alice -> REGISTER [contact desk] [signed] [Call-ID: ${long}] | alice <- 400
     alice -> REGISTER [signed] [Call-ID: short] | alice <- 200 [contact none]`,
  ),
  testOversizeContactRegister: twinned(
    'and Contact',
    `${challenged} | alice -> REGISTER [contact ${long}] [signed] | alice <- 400 | ${has('none')}`,
  ),
  testThirdPartyRegistration: twinned(
    'only users themselves register: nobody binds for another (RFC 3261 10.3 step 4)',
    `${challenged} | ${forBob}`,
  ),
  testRefreshThirdParty: twinned(
    'nor refreshes, and the binding stays as it was',
    `bob -> REGISTER | bob <- 401 | bob -> REGISTER [contact mobile;expires=600] [signed] | bob <- 200
     ${challenged} | ${forBob} | wait 60s
     bob -> REGISTER [signed] | bob <- 200 [contact mobile;expires=540]`,
  ),
  testFetch: twinned(
    'a REGISTER without Contact asks which bindings there are (RFC 3261 10.2.3)',
    `${bound('desk')} | ${has('desk')}`,
  ),
  testFetchNonExistent: twinned(
    'without bindings the answer names none',
    `${challenged} | ${has('none')}`,
  ),
  testRefresh: twinned(
    'a refresh begins the lifetime anew',
    `${bound('desk;expires=600')} | wait 200s | ${has('desk;expires=400')}
     ${binds('desk;expires=600')} | ${has('desk;expires=600')}`,
  ),
  testRefreshMulti: twinned(
    'several at once',
    `${bound('desk;expires=600, mobile;expires=600')} | wait 200s
     ${binds('desk;expires=600, mobile;expires=900')} | ${has('desk;expires=600, mobile;expires=900')}`,
  ),
  testMultiple1: twinned(
    'one REGISTER binds several places',
    `${bound('desk, mobile, office')} | ${has('desk, mobile, office')}`,
  ),
  testMixedExpires: twinned(
    'the expires of a contact goes before the Expires header (RFC 3261 10.2.1.1)',
    `${challenged} | alice -> REGISTER [contact desk;expires=60, mobile] [Expires: 1800] [signed]
     alice <- 200 [contact desk;expires=60, mobile;expires=1800]`,
  ),
  testDetailsExpires: twinned(
    'the answer tells what is left of each',
    `${bound('desk;expires=600, mobile;expires=900')} | wait 100s | ${has('desk;expires=500, mobile;expires=800')}`,
  ),
  testDetailsQValue: twinned(
    'and its preference',
    `${bound('desk;q=0.3, mobile;q=0.7')} | ${has('desk;q=0.3, mobile;q=0.7')}`,
  ),
  testDetailsQValueExpires: homed(
    'and both',
    `${bound('desk;q=0.3;expires=600')} | ${has('desk;q=0.3;expires=600')}`,
  ),
  testChangeQValue: twinned(
    'a refresh may change the preference',
    `${bound('desk;q=0.3')} | ${binds('desk;q=0.8')} | ${has('desk;q=0.8')}`,
  ),
  testExpiryCleanup: twinned(
    'a binding ends with its lifetime, and only that one',
    `${bound('desk;expires=60, mobile;expires=600')} | wait 61s | ${has('mobile')}`,
  ),
  testSetThenRemoveAll: homed(
    'Contact * with Expires 0 removes every binding (RFC 3261 10.2.2)',
    `${bound('desk, mobile')} | alice -> REGISTER [contact *] [Expires: 0] [signed] | alice <- 200 [contact none]`,
  ),
  testSetThenRemoveByHeader: homed(
    'Expires 0 removes the contacts named',
    `${bound('desk')} | alice -> REGISTER [contact desk] [Expires: 0] [signed] | alice <- 200 [contact none]`,
  ),
  testSetThenRemoveSpecific: twinned(
    'so does expires=0 at a contact',
    `${bound('desk')} | ${binds('desk;expires=0')} | ${has('none')}`,
  ),
  testSetTwoRemoveOne: homed(
    'the other one stays',
    `${bound('desk, mobile')} | ${binds('desk;expires=0')} | ${has('mobile')}`,
  ),
  testSimulSetAndRemove: homed(
    'one REGISTER may remove a place and bind another',
    `${bound('desk')} | ${binds('desk;expires=0, mobile')} | ${has('mobile')}`,
  ),
  testUnregisterAll: homed(
    '* also when nothing is bound',
    `${challenged} | alice -> REGISTER [contact *] [Expires: 0] [signed] | alice <- 200 [contact none]`,
  ),
  testUnregisterAllBadExpires: twinned(
    '* with any other lifetime is refused, and nothing changes (RFC 3261 10.3 step 6)',
    `${bound('desk')} | alice -> REGISTER [contact *] [Expires: 60] [signed] | alice <- 400 | ${has('desk')}`,
  ),
  testUnregisterExpired: twinned(
    'removing what has expired is no fault',
    `${bound('desk;expires=60')} | wait 61s | ${binds('desk;expires=0')} | ${has('none')}`,
  ),
  testUnregisterMulti: twinned(
    'several at once',
    `${bound('desk, mobile, office')} | ${binds('desk;expires=0, office;expires=0')} | ${has('mobile')}`,
  ),
  testUnregisterNonExistent: twinned(
    'removing what never was is no fault',
    `${bound('desk')} | ${binds('mobile;expires=0')} | ${has('desk')}`,
  ),
};
