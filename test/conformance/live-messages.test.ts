import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { Roles, roleNames } from './support/roles.ts';
import type { RoleName } from './support/roles.ts';
import { TortureWire } from './support/wire.ts';

/** The IETF's torture messages (RFC 4475) lie beside the repository, not in it. */
const corpus = new URL('../../../shared/torture/', import.meta.url);
const manifestFile = new URL('manifest.json', corpus);
const skip = existsSync(manifestFile) ? false : 'no RFC 4475 corpus at ../shared/torture';

const manifestShape = z.object({
  rfc4475: z.array(z.object({ file: z.string(), name: z.string(), title: z.string() })).length(50),
});

/**
 * What a role says: a status, with `closed` when it ends the connection as well; `nothing` to a message it
 * drops; `waits` while the message is not whole.
 */
type Answer = string | Readonly<Record<RoleName, string>>;

/** Requests of example.com reach the decision about their sender or their target, as well-formed ones do. */
const asForeigner: Answer = { edge: '403', director: '403', frontEnd: '404' };
/** The Front End takes registrations from a Director only with the identity it asserts. */
const asForeignRegistration: Answer = { edge: '404', director: '404', frontEnd: '403' };

/** The answers, and why they are right where the RFC leaves a choice. */
const answers: Readonly<Record<string, readonly [answer: Answer, reason: string]>> = {
  wsinv: ['403', 'well-formed, inside a dialog no role has seen begin'],
  intmeth: [asForeigner, 'well-formed; an unknown method is routed like any other'],
  esc01: [asForeigner, 'well-formed'],
  escnull: [asForeignRegistration, 'well-formed'],
  esc02: [asForeigner, 'well-formed; RE%47IST%45R is another method than REGISTER'],
  lwsdisp: [asForeigner, 'well-formed'],
  longreq: [asForeigner, 'within the limits'],
  dblreq: [
    { edge: '400 closed', director: '404 403 400 closed', frontEnd: '400 closed' },
    'two messages on a stream, and octets behind them that are none; what is decided at once is answered',
  ],
  semiuri: [asForeigner, 'well-formed'],
  transports: [asForeigner, 'unknown transports in Via are none of our business'],
  mpart01: [
    '403',
    'well-formed; the body is cut right, or the ping behind it would not be answered',
  ],
  unreason: ['nothing', 'a response to nothing we asked'],
  noreason: ['nothing', 'a response to nothing we asked'],
  badinv01: ['400', 'separators without anything between them'],
  clerr: ['waits', 'the announced body may still come; the time limit of a message ends it'],
  ncl: ['400 closed', 'the stream cannot be cut any more'],
  scalar02: ['400', 'a CSeq beyond 32 bits'],
  scalarlg: ['nothing', 'a response that cannot be read is dropped'],
  quotbal: ['400', 'the closing quote is not guessed'],
  ltgtruri: ['400', 'brackets around the Request-URI'],
  lwsruri: ['400', 'white space in the Request-URI'],
  lwsstart: ['400', 'not repaired'],
  trws: ['400', 'not repaired'],
  escruri: ['400', 'headers in a Request-URI'],
  baddate: [asForeigner, 'nobody here reads Date'],
  regbadct: ['400', 'the brackets are not guessed'],
  badaspec: ['400', 'white space within an address'],
  baddn: ['waits', 'the empty line is missing'],
  badvers: ['505', 'SIP/7.0'],
  mismatch01: ['400', 'method and CSeq differ'],
  mismatch02: ['400', 'method and CSeq differ, which comes before knowing the method'],
  bigcode: ['nothing', 'a response that cannot be read is dropped'],
  badbranch: [asForeigner, 'matched as RFC 2543 has it'],
  insuf: ['400', 'From, To and Call-ID are missing'],
  unkscm: ['416', 'no such scheme'],
  novelsc: ['416', 'no role serves this scheme'],
  unksm2: [asForeignRegistration, 'an address-of-record that is no SIP URI'],
  bext01: ['420', 'extensions no role knows'],
  invut: [asForeigner, 'what the body is, only its reader has to know'],
  regaut01: [asForeignRegistration, 'credentials of another scheme and domain'],
  multi01: ['400', 'more than one value where one is allowed'],
  mcl01: ['400 closed', 'the stream cannot be cut any more'],
  bcast: ['nothing', 'a response to nothing we asked, least of all to everybody'],
  zeromf: ['483', 'may travel no further'],
  cparam01: [asForeignRegistration, 'well-formed'],
  cparam02: [asForeignRegistration, 'well-formed'],
  regescrt: [asForeignRegistration, 'well-formed'],
  sdp01: [asForeigner, 'what is accepted, only the callee has to know'],
  inv2543: ['400 closed', 'no Content-Length, which a stream needs'],
  test: ['nothing', 'in the archive, but no message: it has no Via to answer along'],
};

describe(
  'the messages of RFC 4475 over TLS to a running Edge, Director and Front End',
  { skip },
  () => {
    let roles: Roles;
    const bystanders = new Map<RoleName, TortureWire>();

    before(async () => {
      roles = await Roles.start();
      for (const role of roleNames)
        bystanders.set(role, new TortureWire(await roles.connect(role)));
    });
    after(async () => {
      for (const bystander of bystanders.values()) bystander.close();
      await roles.close();
    });

    const { rfc4475 } =
      skip === false
        ? manifestShape.parse(JSON.parse(readFileSync(manifestFile, 'utf8')))
        : { rfc4475: [] };

    test('every message has its answer in the table', () => {
      assert.deepEqual(new Set(Object.keys(answers)), new Set(rfc4475.map(({ name }) => name)));
    });

    for (const { file, name, title } of rfc4475) {
      const [answer = '', reason = ''] = answers[name] ?? [];
      for (const role of roleNames) {
        const expected = typeof answer === 'string' ? answer : answer[role];
        const says = `${name} (${title}) to the ${role}: ${expected}, ${reason}`;
        test(says, { timeout: 10_000 }, async () => {
          const wire = new TortureWire(await roles.connect(role));
          try {
            wire.send(readFileSync(new URL(file, corpus)));
            const heard = /^\d/u.test(expected) ? expected.split(' ') : [];
            await wire.until(heard.length);
            // Where the stream goes on, what comes next on it is served.
            if (expected !== 'waits' && !expected.endsWith('closed')) {
              await wire.ping(roles.uriOf(role));
            }
            // Whatever became of that connection, others are served.
            await bystanders.get(role)?.ping(roles.uriOf(role));
            assert.deepEqual(wire.heard, heard);
            if (name === 'bext01') {
              assert.deepEqual(wire.responses[0]?.values('Unsupported'), [
                'noProxiesSupportThis',
                'norDoAnyProxiesSupportThis',
              ]);
            }
          } finally {
            wire.close();
          }
        });
      }
    }
  },
);
