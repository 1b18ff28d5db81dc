const plain = 'no role speaks SIP over UDP or plain TCP: both hops are TLS';
const lost =
  'TLS loses no single message; what can come again over it, the other scenarios send again';
const framing =
  'below these scripts, which begin at whole messages: see src/sip/message/framer.test.ts';
const endpoints =
  'what the ends make of REFER and of mixed calls; a proxy passes their requests on';

/** Scenarios that say nothing about this product, and why. */
export const notApplicable: Readonly<Record<string, string>> = {
  testAttendedExtensionToExtensionTransfer: endpoints,
  testBlindTransferExtensionToExtensionHangupImmediately: endpoints,
  testConferenceConferencorHangsUp: endpoints,
  testInvite1xxDropped: lost,
  testNonInvite200Dropped: lost,
  testNonInviteDropped: lost,
  testInviteNoDNS: 'next hops come from the topology, not from DNS',
  testInviteNoDNSTcp: 'next hops come from the topology, not from DNS',
  testInviteTCPToTLSCalleeHangsUp: plain,
  testInviteTCPToTLSCallerHangsUp: plain,
  testInviteTCPToUDPCalleeHangsUp: plain,
  testInviteTCPToUDPCallerHangsUp: plain,
  testInviteTLSToTCPCalleeHangsUp: plain,
  testInviteTLSToTCPCallerHangsUp: plain,
  testInviteTLSToUDPCalleeHangsUp: plain,
  testInviteTLSToUDPCallerHangsUp: plain,
  testInviteUDPToTCPCalleeHangsUp: plain,
  testInviteUDPToTCPCallerHangsUp: plain,
  testInviteUDPToTLSCalleeHangsUp: plain,
  testInviteUDPToTLSCallerHangsUp: plain,
  testNonInviteTCPtoUDP: plain,
  testNonInviteUDPtoTCP: plain,
  testReproExploit1: 'a fault of one program; its name does not say what is sent',
  testSupportedProxyRequire: 'this proxy knows no extension that Proxy-Require could ask for',
  testTCPMultiMsg: framing,
  testTCPParseBufferError: framing,
  testTCPPreparseError: framing,
};
