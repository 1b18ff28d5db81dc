import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const lines = (...all: readonly string[]): string => all.join('\r\n');

/** Sound messages that use what the grammar allows, one character a byte: seeds to mutate. */
export const samples: readonly string[] = [
  lines(
    'INVITE sip:bob@contoso.com;user=phone SIP/2.0',
    'Via: SIP/2.0/TLS a:99;branch=z9hG4bK1;rport, SIP/2.0/TCP [::1]:5062;branch=z9hG4bK2;received=10.0.0.1',
    'Max-Forwards: 70',
    'From: "A, \\"B\\"" <sip:a@contoso.com;x=y?z=1>;tag=1;epid="a;b"',
    'To:',
    ' <sip:bob@contoso.com>',
    'i: 1@a',
    'CSeq: 1 INVITE',
    'm: <sip:a@h;ob>;q=0.5, sip:b@h;expires=1',
    'Route: <sip:r;lr>,<sip:s;lr>',
    'Record-Route: Edge <sip:[2001:db8::1]:5071;transport=tls;lr>;ms-x',
    'Proxy-Authorization: Digest username="a", realm="b", nc=00000001',
    'Content-Length: 5',
    '',
    'hello',
  ),
  lines(
    'SIP/2.0 200 OK',
    'v: SIP/2.0/TLS a;branch=z9hG4bK1',
    'VIA : SIP / 2.0 / UDP \t h : 5060 ; branch = z9hG4bK2',
    'f: Al Bo <sip:a@h>;tag=1',
    't: sip:b@h;tag=2',
    'i: 1@a',
    'CSeq:\t0009 INVITE',
    'Contact: "" <tel:+1;phone-context=x>',
    'l: 0',
    '',
    '',
  ),
  lines(
    'REGISTER sips:contoso.com SIP/2.0',
    'Via: SIP/2.0/TLS [2001:db8::9]:5071 ;branch=z9hG4bK-a~b;alias',
    'Max-Forwards: 0',
    'From: <sips:user%20one:pw@contoso.com:5071>;tag=a.b',
    'To: J\xc3\xbcrgen <sips:j@contoso.com>',
    'Call-ID: f81d4fae-7dec-11d0-a765-00a0c91e6bf6@[::1]',
    'CSeq: 4294967295 REGISTER',
    'Contact: *',
    'Expires: 0',
    'Supported: gruu,',
    ' path',
    'Content-Length: 0',
    '',
    '',
  ),
  lines(
    'ACK sip:h SIP/2.0',
    'Content-Length: 0',
    'Route: sip:a;lr',
    'Route: <sip:b>',
    'Via: SIP/2.0/TCP h',
    'From: sip:a@b',
    'To: sip:c@d;tag=x',
    'Call-ID: x',
    'CSeq: 0 ACK',
    'X-Odd: ;;,,"<>',
    '',
    '',
  ),
  lines('SIP/2.0 100 ', 'l:2', 'no header at all', 'Subject:', '', '\r\n'),
];

/** The messages of RFC 4475, which lie beside the repository; empty without them. */
export function tortureMessages(): string[] {
  const folder = fileURLToPath(new URL('../../../../shared/torture/rfc4475', import.meta.url));
  if (!existsSync(folder)) return [];
  const files = globSync(`${folder}/*.dat`).toSorted();
  return files.map((file) => readFileSync(file, 'latin1'));
}

/** What fuzzing found, kept for ever: name and bytes. */
export function foundInputs(): { readonly name: string; readonly bytes: Buffer }[] {
  const folder = fileURLToPath(new URL('../../../test/corpus', import.meta.url));
  const names = globSync('*.dat', { cwd: folder }).toSorted();
  return names.map((name) => ({ name, bytes: readFileSync(`${folder}/${name}`) }));
}
