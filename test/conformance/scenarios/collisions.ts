import { proxied } from './scenario.ts';
import type { Scenarios } from './scenario.ts';

const invited = 'alice -> INVITE bob | bob <- INVITE';
const acknowledged = 'alice -> ACK | bob <- ACK';
const goesOn = `bob -> 200 INVITE | alice <- 200 | ${acknowledged}`;
const call = `${invited} | ${goesOn}`;
const refusal = `${invited} | bob -> 486 | bob <- ACK | alice <- 486 | alice -> ACK`;
const messaged = 'alice -> MESSAGE bob | bob <- MESSAGE';
const messageGoesOn = 'bob -> 200 MESSAGE | alice <- 200';
const same = '[branch z9hG4bKsame]';
const invitedSame = `alice -> INVITE bob ${same} | bob <- INVITE`;
const messageSame = `alice -> MESSAGE bob ${same} | bob <- MESSAGE | ${messageGoesOn}`;
const stray = 'is a stray one and goes nowhere (RFC 3261 17.1.3, RFC 6026 8.9)';
const comesBack = (as: string): string => `bob reflects INVITE [as ${as}]`;

/** Branches used twice, responses to something else, and what a peer sends back to us. */
export const collisions: Scenarios = {
  testInviteAndAckCollide: proxied(
    'an ACK with the branch of an INVITE that was not answered yet is absorbed (RFC 3261 17.2.3)',
    `${invitedSame} | alice -> ACK bob ${same} | ${goesOn}`,
  ),
  testInviteAndNitCollide: proxied(
    'methods tell transactions with one branch apart (RFC 3261 17.2.3)',
    `${invitedSame} | ${messageSame} | ${goesOn}`,
  ),
  testNitAndInviteCollide: proxied(
    'the other way round too',
    `alice -> MESSAGE bob ${same} | bob <- MESSAGE | ${invitedSame} | ${messageGoesOn} | ${goesOn}`,
  ),
  testNonInviteWithInviteCollision: proxied(
    'both may be refused as well',
    `alice -> MESSAGE bob ${same} | bob <- MESSAGE | ${invitedSame} | bob -> 486 INVITE | bob <- ACK
     alice <- 486 | alice -> ACK | bob -> 404 MESSAGE | alice <- 404`,
  ),
  testNitAndDifferentNitCollide: proxied(
    'so are two other methods',
    `alice -> MESSAGE bob ${same} | bob <- MESSAGE | alice -> OPTIONS bob ${same} | bob <- OPTIONS
     bob -> 200 OPTIONS | alice <- 200 OPTIONS | bob -> 200 MESSAGE | alice <- 200 MESSAGE`,
  ),
  testNitAndAckCollide: proxied(
    'an ACK with the branch of a MESSAGE belongs to no transaction and passes (RFC 3261 16.11)',
    `alice -> MESSAGE bob ${same} | bob <- MESSAGE | alice -> ACK bob ${same} | bob <- ACK | ${messageGoesOn}`,
  ),
  testAck200AndInviteCollide: proxied(
    'the ACK of a 2xx occupies no branch: a new INVITE may use it',
    `${invited} | bob -> 200 | alice <- 200 | alice -> ACK ${same} | bob <- ACK
     alice -> INVITE bob ${same} | bob <- INVITE | bob -> 200 | alice <- 200 | alice -> ACK | bob <- ACK`,
  ),
  testAck200AndNitCollide: proxied(
    'nor does it for a MESSAGE',
    `${invited} | bob -> 200 | alice <- 200 | alice -> ACK ${same} | bob <- ACK | ${messageSame}`,
  ),
  testAckFailureAndInviteCollide: proxied(
    'an INVITE with the branch of a refused one is that one again, and refused again',
    `${invitedSame} | bob -> 486 | bob <- ACK | alice <- 486 | alice -> INVITE bob ${same} | alice <- 486 | alice -> ACK`,
  ),
  testAckFailureAndNitCollide: proxied(
    'a MESSAGE with the branch of a refused INVITE and its ACK is something else',
    `${invitedSame} | bob -> 486 | bob <- ACK | alice <- 486 | alice -> ACK | ${messageSame}`,
  ),
  testInviteAckResponse: proxied(
    `a response to an INVITE that says ACK ${stray}`,
    `${invited} | bob -> 200 [CSeq: 1 ACK] | ${goesOn}`,
  ),
  testInviteAndAckResponse: proxied(
    'whether before or after the right one',
    `${invited} | bob -> 200 | bob -> 200 [CSeq: 1 ACK] | alice <- 200 | ${acknowledged}`,
  ),
  testInviteNonInviteResponse: proxied(
    `a response to an INVITE that says MESSAGE ${stray}`,
    `${invited} | bob -> 200 [CSeq: 1 MESSAGE] | ${goesOn}`,
  ),
  testInviteAndNitResponse: proxied(
    'whether before or after the right one',
    `${invited} | bob -> 200 | bob -> 200 [CSeq: 1 MESSAGE] | alice <- 200 | ${acknowledged}`,
  ),
  testNitAckResponse: proxied(
    `a response to a MESSAGE that says ACK ${stray}`,
    `${messaged} | bob -> 200 [CSeq: 1 ACK] | ${messageGoesOn}`,
  ),
  testNitAndAckResponse: proxied(
    'also after the right one',
    `${messaged} | ${messageGoesOn} | bob -> 200 [CSeq: 1 ACK]`,
  ),
  testNitInviteResponse: proxied(
    `a response to a MESSAGE that says INVITE ${stray}`,
    `${messaged} | bob -> 200 [CSeq: 1 INVITE] | ${messageGoesOn}`,
  ),
  testNitAndInviteResponse: proxied(
    'also after the right one',
    `${messaged} | ${messageGoesOn} | bob -> 200 [CSeq: 1 INVITE]`,
  ),
  testNitDifferentNitResponse: proxied(
    `a response to a MESSAGE that says OPTIONS ${stray}`,
    `${messaged} | bob -> 200 [CSeq: 1 OPTIONS] | ${messageGoesOn}`,
  ),
  testNitAndDifferentNitResponse: proxied(
    'also after the right one',
    `${messaged} | ${messageGoesOn} | bob -> 200 [CSeq: 1 OPTIONS]`,
  ),
  testNonInviteWithWrongMethodResponse: proxied(
    'and a refusal for the wrong method refuses nothing',
    `${messaged} | bob -> 404 [CSeq: 1 SUBSCRIBE] | ${messageGoesOn}`,
  ),
  testAck200WithResponse: proxied(
    `a response to the ACK of a 2xx ${stray}`,
    `${call} | bob -> 200 ACK`,
  ),
  testAck200InviteResponse: proxied(
    'even when it says INVITE',
    `${call} | bob -> 200 ACK [CSeq: 1 INVITE]`,
  ),
  testAck200NitResponse: proxied('or MESSAGE', `${call} | bob -> 200 ACK [CSeq: 1 MESSAGE]`),
  testAck200AndAckResponse: proxied(
    'the 2xx of the INVITE still passes, if it comes again beside one to the ACK',
    `${call} | bob -> 200 ACK | bob -> 200 INVITE | alice <- 200`,
  ),
  testAck200AndInviteResponse: proxied(
    'or beside one that claims to be of the INVITE',
    `${call} | bob -> 200 ACK [CSeq: 1 INVITE] | bob -> 200 INVITE | alice <- 200`,
  ),
  testAck200AndNitResponse: proxied(
    'or of a MESSAGE',
    `${call} | bob -> 200 ACK [CSeq: 1 MESSAGE] | bob -> 200 INVITE | alice <- 200`,
  ),
  testAckFailureWithResponse: proxied(
    `a response to the ACK of a refusal ${stray}`,
    `${refusal} | bob -> 200 ACK`,
  ),
  testAckFailureInviteResponse: proxied(
    'even when it says INVITE, whose branch it has',
    `${refusal} | bob -> 200 ACK [CSeq: 1 INVITE]`,
  ),
  testAckFailureNitResponse: proxied('or MESSAGE', `${refusal} | bob -> 200 ACK [CSeq: 1 MESSAGE]`),
  testAckFailureAndAckResponse: proxied(
    'beside the refusal come again',
    `${refusal} | bob -> 200 ACK | bob -> 486 INVITE`,
  ),
  testAckFailureAndInviteResponse: proxied(
    'beside the refusal come again, for the INVITE',
    `${refusal} | bob -> 200 ACK [CSeq: 1 INVITE] | bob -> 486 INVITE`,
  ),
  testAckFailureAndNitResponse: proxied(
    'beside the refusal come again, for a MESSAGE',
    `${refusal} | bob -> 200 ACK [CSeq: 1 MESSAGE] | bob -> 486 INVITE`,
  ),
  testInviteAndResponse: proxied(
    `a response the caller gives to his own INVITE ${stray}`,
    `${invited} | alice reflects INVITE [as 200] | ${goesOn}`,
  ),
  testNitAndResponse: proxied(
    `a response the sender gives to his own MESSAGE ${stray}`,
    `${messaged} | alice reflects MESSAGE [as 200] | ${messageGoesOn}`,
  ),
  testReflectedInvite: proxied(
    'an INVITE sent back to us is a loop: 482 (RFC 5393 4.2)',
    `${invited} | bob reflects INVITE | bob <- 482 | ${goesOn}`,
  ),
  testInviteReflectedAsAck: proxied(
    'made an ACK it is dropped: an ACK has no answer',
    `${invited} | ${comesBack('ACK')} | ${goesOn}`,
  ),
  testInviteReflectedAsNonInvite: proxied(
    'made a MESSAGE it is a loop as well',
    `${invited} | ${comesBack('MESSAGE')} | bob <- 482 | ${goesOn}`,
  ),
  testNitReflected: proxied(
    'a MESSAGE sent back to us is a loop',
    `${messaged} | bob reflects MESSAGE | bob <- 482 | ${messageGoesOn}`,
  ),
  testNitReflectedAsAck: proxied(
    'made an ACK it is dropped',
    `${messaged} | bob reflects MESSAGE [as ACK] | ${messageGoesOn}`,
  ),
  testNitReflectedAsDifferentNit: proxied(
    'made another request it is a loop',
    `${messaged} | bob reflects MESSAGE [as OPTIONS] | bob <- 482 | ${messageGoesOn}`,
  ),
  testNitReflectedAsInvite: proxied(
    'made an INVITE it is a loop',
    `${messaged} | bob reflects MESSAGE [as INVITE] | bob <- 482 | ${messageGoesOn}`,
  ),
  testAck200Reflected: proxied(
    'the ACK of a 2xx comes back without our Route, so once more it passes, and then it is a loop',
    `${call} | bob reflects ACK | bob <- ACK | bob reflects ACK`,
  ),
  testAck200ReflectedAsInvite: proxied(
    'made an INVITE it passes once as well; the callee knows no such call',
    `${call} | bob reflects ACK [as INVITE] | bob <- INVITE | bob reflects INVITE | bob <- 482
     bob -> 481 INVITE | bob <- ACK | bob <- 481`,
  ),
  testAck200ReflectedAsNit: proxied(
    'made a MESSAGE likewise',
    `${call} | bob reflects ACK [as MESSAGE] | bob <- MESSAGE | bob reflects MESSAGE | bob <- 482
     bob -> 481 MESSAGE | bob <- 481`,
  ),
  testAckFailureReflected: proxied(
    'the ACK of a refusal, which we wrote, passes once and is then a loop',
    `${refusal} | bob reflects ACK | bob <- ACK | bob reflects ACK`,
  ),
  testAckFailureReflectedAsInvite: proxied(
    'made an INVITE likewise',
    `${refusal} | bob reflects ACK [as INVITE] | bob <- INVITE | bob reflects INVITE | bob <- 482
     bob -> 481 INVITE | bob <- ACK | bob <- 481`,
  ),
  testAckFailureReflectedAsNit: proxied(
    'made a MESSAGE likewise',
    `${refusal} | bob reflects ACK [as MESSAGE] | bob <- MESSAGE | bob reflects MESSAGE | bob <- 482
     bob -> 481 MESSAGE | bob <- 481`,
  ),
};
