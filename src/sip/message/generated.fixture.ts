import fc from 'fast-check';

/**
 * Messages made from the grammar of RFC 3261 25.1, sound in every part: any case, compact forms, white
 * space and folds wherever the grammar lets them stand, quoted strings, lists, IPv6 references.
 */

const token = fc.stringMatching(/^[abcXYZ019\-.!%*_+`'~]{1,8}$/u);
const word = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/u);
const digits = (max: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom('', '0', '000'), fc.integer({ min: 0, max }))
    .map((pair) => pair.join(''));
const port = fc.integer({ min: 1, max: 65535 }).map(String);

/** SWS: white space that may be missing. */
const sws = fc.constantFrom('', '', '', ' ', '\t', '  ', '\r\n ', ' \r\n\t', '\r\n \r\n ');
/** LWS: white space that may not. */
const lws = fc.constantFrom(' ', ' ', '\t ', '\r\n ', ' \r\n  ');
/** A part that may be missing. */
const maybe = (part: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant(''), part);
const join = (...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((texts) => texts.join(''));
const separator = (mark: string): fc.Arbitrary<string> => join(sws, fc.constant(mark), sws);

const quotedString = fc
  .array(fc.constantFrom('a', ' ', ',', ';', '<', '>', '=', '\\"', '\\\\', '\xc3\xbc', '\r\n '), {
    maxLength: 8,
  })
  .map((pieces) => `"${pieces.join('')}"`);

const host = fc.oneof(
  word,
  join(word, fc.constant('.'), word),
  fc.constantFrom('192.0.2.1', '[::1]', '[2001:DB8::a:1]', '[::ffff:192.0.2.1]', 'EXAMPLE.com.'),
);
const hostPort = join(host, maybe(port.map((number) => `:${number}`)));

const uriParams = fc
  .subarray([';lr', ';transport=tls', ';user=phone', ';x=%41', ';maddr=[::1]', ';Y=a=b'])
  .map((list) => list.join(''));
const user = fc.constantFrom('', 'bob@', 'a%20b@', 'a:b@', '+1-2;ext=3@', "j'!~*()&=$/@");
/** Without what an addr-spec may not hold. */
const plainUri = join(
  fc.constantFrom('sip:', 'sips:', 'SIP:'),
  fc.constantFrom('', 'bob@', 'a%20b@', 'a:b@'),
  hostPort,
);
const fullUri = fc.oneof(
  join(
    fc.constantFrom('sip:', 'SipS:'),
    user,
    hostPort,
    uriParams,
    fc.constantFrom('', '?a=b', '?subject=x&y=%3F', '?'),
  ),
);
const anyUri = fc.oneof(
  fullUri,
  fc.constantFrom('tel:+1;phone-context=a', 'http://h/?a,b', 'x-y.z+1:a'),
);

/** Names are numbered, so that none comes twice. */
const params = fc
  .array(
    fc.tuple(separator(';'), word, sws, sws, fc.oneof(token, quotedString, host), fc.boolean()),
    {
      maxLength: 3,
    },
  )
  .map((list) =>
    list
      .map(([semi, name, before, after, value, has], index) =>
        [semi, 'x', name, index, ...(has ? [before, '=', after, value] : [])].join(''),
      )
      .join(''),
  );

const nameAddr = join(
  fc.oneof(
    join(quotedString, sws),
    fc.array(join(token, lws), { maxLength: 3 }).map((words) => words.join('')),
  ),
  join(fc.constant('<'), anyUri, fc.constant('>')),
);
const address = (tag: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  join(
    fc.oneof(nameAddr, plainUri),
    maybe(join(separator(';'), fc.constantFrom('tag=', 'TAG ='), tag)),
    params,
  );
const noTag = fc.constant('t');

const via = join(
  fc.constantFrom('SIP', 'sip'),
  separator('/'),
  fc.constant('2.0'),
  separator('/'),
  fc.constantFrom('TLS', 'tcp', 'UDP', 'TLS-SCTP', 'ws'),
  lws,
  host,
  maybe(join(separator(':'), port)),
  maybe(join(separator(';'), fc.constant('branch'), separator('='), token)),
  params,
);

const list = (element: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(element, fc.array(join(separator(','), element), { maxLength: 2 }))
    .map(([first, rest]) => [first, ...rest].join(''));

const field = (names: readonly string[], value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  join(
    fc.constantFrom(...names),
    fc.constantFrom(':', ': ', ' : ', '\t:\r\n ', ':\r\n\t \r\n '),
    value,
    fc.constantFrom('\r\n', '\r\n', ' \t\r\n', '\r\n \r\n'),
  );

const fields = (body: string): fc.Arbitrary<string> => {
  const once = [
    field(['From', 'f', 'FROM'], address(token)),
    field(['To', 't'], address(token)),
    field(['Call-ID', 'i', 'call-id'], join(token, maybe(token.map((host_) => `@${host_}`)))),
    field(['CSeq', 'CSEQ'], join(digits(2 ** 32 - 1), lws, token)),
    field(['Content-Length', 'l', 'L'], fc.constant(String(body.length))),
  ];
  const more = [
    field(['Max-Forwards'], digits(255)),
    field(['Contact', 'm'], list(address(noTag))),
    field(['Route', 'ROUTE'], list(join(nameAddr, params))),
    field(['Record-Route'], list(join(nameAddr, params))),
    field(['Via', 'v'], list(via)),
    field(['X-Other', 'Subject', 's'], fc.constantFrom('', 'a, "b', '\xff\x01', '<')),
  ];
  return fc
    .tuple(
      fc.tuple(field(['Via', 'v', 'via'], list(via)), ...once),
      fc.array(fc.oneof(...more), { maxLength: 5 }),
      fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
    )
    .map(([needed, others, order]) =>
      [...needed, ...others]
        .map((text, index) => ({ text, rank: order[index] ?? 0 }))
        .toSorted((a, b) => a.rank - b.rank)
        .map(({ text }) => text)
        .join(''),
    );
};

const startLine = fc.oneof(
  join(token, fc.constant(' '), fullUri, fc.constant(' SIP/2.0')),
  join(
    fc.constant('SIP/2.0 '),
    fc.integer({ min: 100, max: 699 }).map(String),
    fc.constantFrom(' OK', ' ', ' \xc3\xa4 b'),
  ),
);

/** One message, one character a byte. */
export const generatedMessage: fc.Arbitrary<string> = fc
  .constantFrom('', 'hello', 'a\r\n\r\nb\0\xff')
  .chain((body) => join(startLine, fc.constant('\r\n'), fields(body), fc.constant(`\r\n${body}`)));
