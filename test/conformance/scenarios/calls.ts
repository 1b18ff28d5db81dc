import { homed, proxied } from './scenario.ts';
import type { Scenarios } from './scenario.ts';

const answered = `
  alice -> INVITE bob | bob <- INVITE | bob -> 180 | alice <- 180
  bob -> 200 | alice <- 200 | alice -> ACK | bob <- ACK`;
const rings = 'alice -> INVITE bob | bob <- INVITE | bob -> 180 | alice <- 180';
const refusedWith = (status: number): string =>
  `${rings} | bob -> ${status} | bob <- ACK | alice <- ${status} | alice -> ACK`;

/** Calls between two ends that go as they should. */
export const calls: Scenarios = {
  testProxyAlive: homed(
    'whoever asks the server itself whether it lives is answered here (RFC 3261 11.2)',
    'alice -> OPTIONS bob [uri sip:fe01.contoso.net] | alice <- 200',
  ),
  testInviteBasic: proxied(
    'the three-way handshake passes; the proxy stays on the path and counts down (RFC 3261 16.6)',
    `alice -> INVITE bob | alice <- 100 | bob <- INVITE [Max-Forwards: 69] [~Record-Route proxy.example.net]
     bob -> 180 | alice <- 180 | bob -> 200 | alice <- 200 | alice -> ACK | bob <- ACK [-Route]
     alice -> BYE | bob <- BYE [-Route] | bob -> 200 BYE | alice <- 200`,
  ),
  testInviteBasicTls: proxied(
    'both hops are TLS, and the Via of the proxy says so',
    `alice -> INVITE bob | bob <- INVITE [~Via SIP/2.0/TLS proxy.example.net]
     bob -> 200 | alice <- 200 | alice -> ACK | bob <- ACK`,
  ),
  testInviteBasicUpperCaseBranch: proxied(
    'a branch is compared as it is written and returned untouched (RFC 3261 17.2.3)',
    `alice -> INVITE bob [branch z9hG4bKABCDEF] | bob <- INVITE
     bob -> 200 | alice <- 200 [~Via branch=z9hG4bKABCDEF] | alice -> ACK | bob <- ACK`,
  ),
  testInviteCalleeHangsUp: proxied(
    'the callee may end the call along the recorded route (RFC 3261 12.2.1.1)',
    `${answered} | bob -> BYE | alice <- BYE | alice -> 200 BYE | bob <- 200`,
  ),
  testInviteCallerHangsUp: proxied(
    'the caller ends the call along the recorded route',
    `${answered} | alice -> BYE | bob <- BYE | bob -> 200 BYE | alice <- 200`,
  ),
  testEarlyMedia: proxied(
    'a 183 goes back at once, as every provisional response but 100 (RFC 3261 16.7 step 5)',
    `alice -> INVITE bob | bob <- INVITE | bob -> 183 | alice <- 183 | bob -> 200 | alice <- 200
     alice -> ACK | bob <- ACK`,
  ),
  testInfo: proxied(
    'INFO inside a call is passed like any other method (RFC 3261 16)',
    `${answered} | alice -> INFO | bob <- INFO | bob -> 200 INFO | alice <- 200`,
  ),
  testInviteBusy: proxied('486 of the only branch goes back', refusedWith(486)),
  testInvite480Response: proxied('480 goes back', refusedWith(480)),
  testInvite488Response: proxied('488 goes back', refusedWith(488)),
  testInvite500Response: proxied('500 goes back', refusedWith(500)),
  testInvite600Response: proxied('600 goes back', refusedWith(600)),
  testInvite603Response: proxied('603 goes back', refusedWith(603)),
  testInvite503Response: proxied(
    'a 503 is about that hop, not about us: it becomes another 5xx (RFC 3261 16.7 step 6)',
    `${rings} | bob -> 503 | bob <- ACK | alice <- 504 | alice -> ACK`,
  ),
  testBasic302: proxied(
    'a redirect is passed on, not followed (RFC 3261 16.7 step 4 is a MAY)',
    `alice -> INVITE bob | bob <- INVITE | bob -> 302 [Contact: <sip:carol@contoso.com>] | bob <- ACK
     alice <- 302 [Contact: <sip:carol@contoso.com>] | alice -> ACK`,
  ),
  testInviteBasicRedirect: proxied(
    'the caller follows a redirect itself, with a call of its own to the new target',
    `alice -> INVITE bob | bob <- INVITE | bob -> 302 [Contact: <sip:carol@contoso.com>] | bob <- ACK
     alice <- 302 | alice -> ACK | alice -> INVITE carol | carol <- INVITE | carol -> 200 | alice <- 200
     alice -> ACK | carol <- ACK`,
  ),
  testInviteCallerCancels: proxied(
    'CANCEL is answered here, passed on, and the callee ends the INVITE with 487 (RFC 3261 9.2, 16.10)',
    `${rings} | alice -> CANCEL | alice <- 200 CANCEL | bob <- CANCEL | bob -> 200 CANCEL
     bob -> 487 | bob <- ACK | alice <- 487 | alice -> ACK`,
  ),
  testInviteNoAnswerCancel: proxied(
    'a call that rings for a minute can still be cancelled',
    `${rings} | wait 60s | alice -> CANCEL | alice <- 200 CANCEL | bob <- CANCEL | bob -> 200 CANCEL
     bob -> 487 | bob <- ACK | alice <- 487 | alice -> ACK`,
  ),
  testInviteNotFound: proxied(
    'nobody by that name: 404 from the proxy itself',
    'alice -> INVITE nobody | alice <- 404 | alice -> ACK',
  ),
  testInviteForRport: proxied(
    'received and rport say where the request really came from (RFC 3581 4)',
    `alice -> INVITE bob | bob <- INVITE | bob -> 486 | bob <- ACK
     alice <- 486 [~Via rport=4000] [~Via received=127.0.0.] | alice -> ACK`,
  ),
};
