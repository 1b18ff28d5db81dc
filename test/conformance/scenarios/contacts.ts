import { parseUri } from '#sip';
import type { NameAddr } from '#sip';

/**
 * Contacts as scripts write them: places with parameters, `desk;expires=60, mobile;q=0.5`; `*` and `none`
 * as they are. With `outbound` each place is a flow of an instance of its own (RFC 5626 4.2).
 */
export function contactValues(text: string, aor: string, outbound: boolean): readonly string[] {
  if (text === 'none') return [];
  if (text === '*') return ['*'];
  const { user = '' } = parseUri(aor);
  return text.split(', ').map((place) => {
    const [name = '', ...params] = place.split(';');
    const flow = outbound ? [`+sip.instance="<urn:uuid:${name}>"`, 'reg-id=1'] : [];
    return [`<sip:${user}@${name}.invalid>`, ...flow, ...params].join(';');
  });
}

/** In what the contacts differ from the places named; parameters count where they are written. */
export function readContacts(text: string, contacts: readonly NameAddr[]): readonly string[] {
  const places = text === 'none' ? [] : text.split(', ').map((place) => place.split(';'));
  const found = contacts.map(({ uri, params }) => ({
    place: parseUri(uri).host.replace(/\.invalid$/u, ''),
    params,
  }));
  const expected = sorted(places.map(([name = '']) => name));
  const actual = sorted(found.map(({ place }) => place));
  if (expected !== actual) return [`bound at "${actual}" instead of "${expected}"`];
  return places.flatMap(([name, ...params]) => {
    const contact = found.find(({ place }) => place === name);
    return params.flatMap((param) => {
      const [key = '', value] = param.split('=');
      const is = contact?.params.get(key);
      return is === value ? [] : [`${name} has ${key}=${String(is)} instead of ${value}`];
    });
  });
}

function sorted(names: readonly string[]): string {
  return names.toSorted((a, b) => a.localeCompare(b)).join(', ');
}
