import { proxied } from './scenario.ts';
import type { Scenarios } from './scenario.ts';

const toCarol = 'relay relays INVITE [uri sip:carol@contoso.com]';
const away = `alice -> INVITE bob | relay <- INVITE | ${toCarol}`;
const backward = (status: number): string =>
  `relay <- ${status} | relay relays ${status} | alice <- ${status}`;
const answers = (who: string): string =>
  `${who} -> 200 | ${backward(200)} | alice -> ACK | ${who} <- ACK`;

/** Requests that come by twice: changed (a spiral) or unchanged (a loop). RFC 3261 16.3, RFC 5393. */
export const spirals: Scenarios = {
  testSpiral: proxied(
    'a request that comes back for somebody else is a spiral and passes',
    `${away} | carol <- INVITE [Max-Forwards: 67] | carol -> 180 | ${backward(180)} | ${answers('carol')}`,
    'relay',
  ),
  testSpiralWithCancel: proxied(
    'CANCEL follows the spiral hop by hop',
    `${away} | carol <- INVITE | carol -> 180 | ${backward(180)}
     alice -> CANCEL | alice <- 200 CANCEL | relay <- CANCEL | relay -> 200 CANCEL
     relay -> CANCEL | relay <- 200 CANCEL | carol <- CANCEL | carol -> 200 CANCEL | carol -> 487 | carol <- ACK
     relay <- 487 | relay -> ACK | relay relays 487 | relay <- ACK | alice <- 487 | alice -> ACK`,
    'relay',
  ),
  testNonInviteSpiral: proxied(
    'a MESSAGE spirals like an INVITE',
    `alice -> MESSAGE bob | relay <- MESSAGE | relay relays MESSAGE [uri sip:carol@contoso.com]
     carol <- MESSAGE | carol -> 200 | ${backward(200)}`,
    'relay',
  ),
  testInviteLoop: proxied(
    'a request that comes back unchanged gets 482 (RFC 5393 4.2)',
    `alice -> INVITE bob | relay <- INVITE | relay relays INVITE | relay <- 482 | relay -> ACK
     relay relays 482 | relay <- ACK | alice <- 482 | alice -> ACK`,
    'relay',
  ),
  testInviteLoopingRedirect: proxied(
    'a callee who redirects to himself makes the caller go round, not the proxy',
    `alice -> INVITE bob | bob <- INVITE | bob -> 302 [Contact: <sip:bob@contoso.com>] | bob <- ACK | alice <- 302
     alice -> ACK | alice -> INVITE bob | bob <- INVITE | bob -> 302 [Contact: <sip:bob@contoso.com>] | bob <- ACK
     alice <- 302 | alice -> ACK`,
  ),
  testInviteRecursiveRedirect: proxied(
    'redirects one after the other are followed by the caller, each as a call of its own',
    `alice -> INVITE bob | bob <- INVITE | bob -> 302 [Contact: <sip:carol@contoso.com>] | bob <- ACK | alice <- 302
     alice -> ACK | alice -> INVITE carol | carol <- INVITE | carol -> 302 [Contact: <sip:dave@contoso.com>]
     carol <- ACK | alice <- 302 | alice -> ACK | alice -> INVITE dave | dave <- INVITE | dave -> 200 | alice <- 200
     alice -> ACK | dave <- ACK`,
  ),
  testInviteForkThenSpiral: proxied(
    'one branch of a fork spirals, the other refuses',
    `alice -> INVITE bob | desk <- INVITE | desk -> 486 | desk <- ACK | relay <- INVITE | ${toCarol}
     carol <- INVITE | ${answers('carol')}`,
    'desk + relay',
  ),
  testInviteSeqForkThenSpiral: proxied(
    'the second branch of a serial fork spirals',
    `alice -> INVITE bob | desk <- INVITE | desk -> 486 | desk <- ACK | relay <- INVITE | ${toCarol}
     carol <- INVITE | ${answers('carol')}`,
    'desk ; relay',
  ),
  testInviteSpiralThenFork: proxied(
    'a spiral that forks at its second visit',
    `${away} | desk <- INVITE | mobile <- INVITE | desk -> 486 | desk <- ACK | ${answers('mobile')}`,
    { bob: 'relay', carol: 'desk + mobile' },
  ),
  testInviteSpiralThenSeqFork: proxied(
    'a spiral that forks serially at its second visit',
    `${away} | desk <- INVITE | desk -> 486 | desk <- ACK | mobile <- INVITE | ${answers('mobile')}`,
    { bob: 'relay', carol: 'desk ; mobile' },
  ),
  testRoutingBasic: proxied(
    'a Route that names us is taken off, and the Request-URI of a strict router put right (RFC 3261 16.4)',
    `alice -> MESSAGE bob [Route: <sip:proxy.example.net;lr>] | bob <- MESSAGE [-Route] | bob -> 200 | alice <- 200
     alice -> MESSAGE bob [uri sip:proxy.example.net;lr] [Route: <sip:bob@contoso.com>]
     bob <- MESSAGE [-Route] [uri sip:bob@contoso.com] | bob -> 200 | alice <- 200`,
  ),
};
