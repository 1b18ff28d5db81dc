/**
 * The rules of RFC 3261 25.1 the oracle reads by, under their names there, as regular expressions over
 * text of one character a byte, unfolded. "Wider" marks what is accepted on purpose beyond the RFC,
 * because deployed systems send it and nothing downstream relies on its absence.
 */

const SWS = '[ \\t]*';
const LWS = '[ \\t]+';

/** `token = 1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~")` */
const tokenChar = "A-Za-z0-9\\-.!%*_+`'~";
const token = `[${tokenChar}]+`;

/** `quoted-string = SWS DQUOTE *(qdtext / quoted-pair) DQUOTE`. Wider: any byte inside. */
const quotedString = '"(?:[^"\\\\]|\\\\[^])*"';

/**
 * `host = hostname / IPv4address / IPv6reference`. Wider: hyphens and dots anywhere, and the underscore of
 * Windows networks; of an IPv6reference only the characters are looked at.
 */
const host = '\\[[0-9A-Fa-f:.]{2,}\\]|[A-Za-z0-9_.\\-]+';

/**
 * `generic-param = token [EQUAL gen-value]`, `gen-value = token / host / quoted-string`. Wider: the
 * characters of IPv6 references and URIs in a value without quotes.
 */
const genericParam = `(${token})(?:${SWS}=${SWS}(${quotedString}|[${tokenChar}\\[\\]:@/?=&\${}|#^]+))?`;
const params = `(?:${SWS};${SWS}${genericParam.replaceAll(/\((?!\?)/gu, '(?:')})*${SWS}`;

/** `absoluteURI` as far as a header goes: its scheme and no byte no URI can hold. Wider: UTF-8. */
const scheme = '[A-Za-z][A-Za-z0-9+\\-.]*';

/** `SIP-Version = "SIP" "/" 1*DIGIT "." 1*DIGIT`, the letters in any case. */
const version = '[Ss][Ii][Pp]/[0-9]+\\.[0-9]+';

/** A rule for a whole text. */
function whole(source: string): RegExp {
  return new RegExp(`^(?:${source})$`, 'u');
}

/** `header-name HCOLON header-value`, with its folds and line end: the name, the raw value. */
export const fieldRule: RegExp = new RegExp(`^(${token})[ \\t]*:([^]*)$`, 'u');

/** `Request-Line` without CRLF: method, URI, version. */
export const requestLineRule = whole(`(${token}) (?!<)([^\\x00-\\x20\\x7f]+) (${version})`);

/** `Status-Line` without CRLF: version, code, phrase. Wider: any byte in the phrase. */
export const statusLineRule = whole(`(${version}) ([1-6][0-9][0-9]) ([^]*)`);

/** One parameter of a list that matched: its name and its value as written. */
export const paramRule: RegExp = new RegExp(`;${SWS}${genericParam}`, 'gu');

/** `via-parm`: transport, host, port, parameters. */
export const viaRule = whole(
  `[Ss][Ii][Pp]${SWS}/${SWS}2\\.0${SWS}/${SWS}(${token})${LWS}(${host})` +
    `(?:${SWS}:${SWS}([0-9]+))?(${params})`,
);

/**
 * `(name-addr / addr-spec) *(SEMI param)`. A name-addr gives: quoted name, plain name, URI, parameters;
 * wider: UTF-8 in a plain name. An addr-spec gives URI and parameters, and holds no `?`, `,` or `;`
 * (RFC 3261 20).
 */
export const nameAddrRules = {
  nameAddr: whole(
    `(?:(${quotedString})${SWS}|([${tokenChar} \\t\\x80-\\xff]*))` +
      `<(${scheme}:[^\\x00-\\x20"<>\\x7f]*)>(${params})`,
  ),
  addrSpec: whole(`(${scheme}:[^\\x00-\\x20"<>\\x7f;?,]*)(${params})`),
};

/** `element *(COMMA element)`: commas inside quotes and `<…>` belong to the element. */
const element = `(?:${quotedString}|<[^>]*>|[^",<])*`;
export const listRule = {
  whole: whole(`${element}(?:,${element})*`),
  element: new RegExp(element, 'uy'),
};

/**
 * `SIP-URI` / `SIPS-URI`: scheme, user, password, host, port, parameters, headers. Wider: every
 * character but those that delimit URIs or the parts of this one.
 */
const other = '\\x00-\\x20\\x7f"<>\\\\@';
export const uriRule = whole(
  `([Ss][Ii][Pp][Ss]?):(?:([^:${other}]+)(?::([^${other}]*))?@)?(${host})(?::([0-9]+))?` +
    `((?:;[^;?${other}]+)*)(?:\\?([^${other}]*))?`,
);
