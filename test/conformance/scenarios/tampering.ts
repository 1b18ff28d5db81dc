import { homed, proxied } from './scenario.ts';
import type { Scenarios } from './scenario.ts';

const invited = 'alice -> INVITE bob | bob <- INVITE';
const goesOn = 'bob -> 200 | alice <- 200 | alice -> ACK | bob <- ACK';
const messaged = 'alice -> MESSAGE bob | bob <- MESSAGE';
const messageGoesOn = 'bob -> 200 | alice <- 200';
const old = '[branch 1]';

/** Vias, branches, CSeqs and options that are not as they should be, or as they were before RFC 3261. */
export const tampering: Scenarios = {
  testInviteUASAddsVia: proxied(
    'a response whose topmost Via is not ours is dropped (RFC 3261 18.1.2)',
    `${invited} | bob -> 180 [+Via SIP/2.0/TLS evil.invalid;branch=z9hG4bKx] | ${goesOn}`,
  ),
  testInviteUASRemovesProxyVia: proxied(
    'a response without our Via is dropped',
    `${invited} | bob -> 180 [-Via] | ${goesOn}`,
  ),
  testInviteUASChangesProxyBranch: proxied(
    'a response with another branch is dropped',
    `${invited} | bob -> 180 [branch z9hG4bKother] | ${goesOn}`,
  ),
  testInviteBranchCaseAltered: proxied(
    'a branch is a token: a response that alters its case is found all the same (RFC 3261 7.3.1)',
    `${invited} | bob -> 180 [upper] | alice <- 180 | ${goesOn}`,
  ),
  testNitUASAddsVia: proxied(
    'a response whose topmost Via is not ours is dropped, to a MESSAGE too',
    `${messaged} | bob -> 200 [+Via SIP/2.0/TLS evil.invalid;branch=z9hG4bKx] | ${messageGoesOn}`,
  ),
  testNitUASRemovesProxyVia: proxied(
    'so is one without our Via',
    `${messaged} | bob -> 200 [-Via] | ${messageGoesOn}`,
  ),
  testNitUASChangesProxyBranch: proxied(
    'and one with another branch',
    `${messaged} | bob -> 200 [branch z9hG4bKother] | ${messageGoesOn}`,
  ),
  testNitBranchCaseAltered: proxied(
    'a branch with altered case is found',
    `${messaged} | bob -> 200 [upper] | alice <- 200`,
  ),
  testInvite2543Tid: proxied(
    'a branch from before RFC 3261 is matched by what else the request says (RFC 3261 17.2.3)',
    `alice -> INVITE bob ${old} | bob <- INVITE | alice -> INVITE [again] | ${goesOn}`,
  ),
  testAck2543Tid: proxied(
    'the ACK of such an INVITE ends its refusal',
    `alice -> INVITE bob ${old} | bob <- INVITE | bob -> 486 | bob <- ACK | alice <- 486 | alice -> ACK`,
  ),
  testNit2543Tid: proxied(
    'two requests with the same old branch are two',
    `alice -> MESSAGE bob ${old} | bob <- MESSAGE | alice -> MESSAGE bob ${old} | bob <- MESSAGE
     bob -> 200 | alice <- 200`,
  ),
  testNonInvite2543Tid: proxied(
    'a request without any branch is served',
    `alice -> MESSAGE bob [branch none] | bob <- MESSAGE | ${messageGoesOn}`,
  ),
  testInviteBadAckTid1: proxied(
    'an ACK of a refusal with a branch of its own ends nothing; it passes, and timer H ends the INVITE',
    `${invited} | bob -> 486 | bob <- ACK | alice <- 486 | alice -> ACK [branch z9hG4bKother] | bob <- ACK | wait 32s`,
  ),
  testInviteBadAckTid2: proxied(
    'an ACK of a 2xx with the branch of its INVITE passes (RFC 6026 7.1)',
    `alice -> INVITE bob [branch z9hG4bKsame] | bob <- INVITE | bob -> 200 | alice <- 200
     alice -> ACK [branch z9hG4bKsame] | bob <- ACK`,
  ),
  testInviteUnknownCSeq: proxied(
    'method and CSeq must agree (RFC 3261 8.1.1.5)',
    'alice -> INVITE bob [CSeq: 1 UNKNOWN] | alice <- 400 UNKNOWN',
  ),
  testInviteCancelCSeq: proxied(
    'an INVITE that says CANCEL in CSeq is refused',
    'alice -> INVITE bob [CSeq: 1 CANCEL] | alice <- 400 CANCEL',
  ),
  testCancelInviteCSeq: proxied(
    'a CANCEL that says INVITE in CSeq is refused, and cancels nothing',
    `${invited} | alice -> CANCEL [CSeq: 1 INVITE] | alice <- 400 INVITE | ${goesOn}`,
  ),
  testUnsupportedProxyRequire: homed(
    'an extension the proxy must know and does not: 420 names it (RFC 3261 16.3 step 5)',
    'alice -> INVITE bob [Proxy-Require: foo] | alice <- 420 [Unsupported: foo] | alice -> ACK',
  ),
};
