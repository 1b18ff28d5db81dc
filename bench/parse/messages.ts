/** What is parsed: ordinary traffic of a pool, no case made for one parser or another. */
export const sdp =
  'v=0\r\no=alice 53655765 2353687637 IN IP4 192.0.2.101\r\ns=-\r\nc=IN IP4 192.0.2.101\r\n' +
  't=0 0\r\nm=audio 49172 RTP/SAVP 0 8 97\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n' +
  'a=rtpmap:97 iLBC/8000\r\na=sendrecv\r\n';

/** Twelve headers and SDP: a call from an Edge towards its home pool. */
export const invite = Buffer.from(
  'INVITE sip:bob@contoso.com SIP/2.0\r\n' +
    'Via: SIP/2.0/TLS edge.contoso.com;branch=z9hG4bK74bf9a8c2f61\r\n' +
    'Max-Forwards: 69\r\n' +
    'Route: <sip:dirpool.contoso.com;transport=tls;lr>\r\n' +
    'From: "Alice" <sip:alice@contoso.com>;tag=9fxced76sl\r\n' +
    'To: "Bob" <sip:bob@contoso.com>\r\n' +
    'Call-ID: 3848276298220188511@client.contoso.com\r\n' +
    'CSeq: 1 INVITE\r\n' +
    'Contact: <sip:alice@192.0.2.101:49152;transport=tls>\r\n' +
    'User-Agent: baresip v1.0.0 (x86_64/Linux)\r\n' +
    'Supported: gruu,outbound,path,timer\r\n' +
    'Content-Type: application/sdp\r\n' +
    `Content-Length: ${sdp.length}\r\n\r\n${sdp}`,
  'latin1',
);

export const register = Buffer.from(
  'REGISTER sip:contoso.com SIP/2.0\r\n' +
    'Via: SIP/2.0/TLS 192.0.2.101:49152;branch=z9hG4bKnashds7c1;rport\r\n' +
    'Max-Forwards: 70\r\n' +
    'From: <sip:user4711@contoso.com>;tag=a73kszlfl\r\n' +
    'To: <sip:user4711@contoso.com>\r\n' +
    'Call-ID: 1j9FpLxk3uxtm8tn@192.0.2.101\r\n' +
    'CSeq: 2 REGISTER\r\n' +
    'Contact: <sip:user4711@192.0.2.101:49152;transport=tls>;expires=3600\r\n' +
    'Expires: 3600\r\n' +
    'Content-Length: 0\r\n\r\n',
  'latin1',
);

/** A callee's answer on its way back through two hops. */
export const ok = Buffer.from(
  'SIP/2.0 200 OK\r\n' +
    'Via: SIP/2.0/TLS dir1.contoso.com;branch=z9hG4bK4b43c2ff8d1\r\n' +
    'Via: SIP/2.0/TLS edge.contoso.com;branch=z9hG4bK74bf9a8c2f61\r\n' +
    'Record-Route: <sip:fe1.contoso.com;transport=tls;lr>\r\n' +
    'From: "Alice" <sip:alice@contoso.com>;tag=9fxced76sl\r\n' +
    'To: "Bob" <sip:bob@contoso.com>;tag=8321234356\r\n' +
    'Call-ID: 3848276298220188511@client.contoso.com\r\n' +
    'CSeq: 1 INVITE\r\n' +
    'Contact: <sip:bob@192.0.2.201:49170;transport=tls>\r\n' +
    'User-Agent: baresip v1.0.0 (x86_64/Linux)\r\n' +
    'Content-Type: application/sdp\r\n' +
    `Content-Length: ${sdp.length}\r\n\r\n${sdp}`,
  'latin1',
);

/** A message by its name. */
export interface Sample {
  readonly name: string;
  readonly bytes: Buffer;
}

/** What everybody parses. */
export const sampleMessages: readonly Sample[] = [
  { name: 'INVITE', bytes: invite },
  { name: 'REGISTER', bytes: register },
  { name: '200', bytes: ok },
];
