import { intersect, isEmpty, subtract, unfold } from '../model/index.ts';
import type {
  Chain,
  Endpoint,
  FlatRule,
  Match,
  Rule,
  RuleSet,
  Translations,
} from '../model/index.ts';
import { merged } from './merge.ts';

/** Packets that should be translated otherwise than they are. */
export interface Mistranslated {
  /** Which address: where they are led, or as whose they are passed on. */
  readonly translation: keyof Translations;
  readonly asked: Rule;
  /** The rule that leads them astray; undefined when none translates them. */
  readonly rule: Rule | undefined;
  readonly regions: readonly [Match, ...Match[]];
}

const flatten = (chains: readonly Chain[]): readonly FlatRule[] =>
  unfold({ device: '', chains, zones: [] }, 'in');

const isAmong = (
  { family, address, port }: Endpoint,
  list: readonly Endpoint[],
  asked: number,
): boolean =>
  list.some(
    (each) =>
      each.family === family &&
      each.address === address &&
      (each.port ?? asked) === (port ?? asked),
  );

/** True when a rule puts nothing but the endpoints asked for in place, as far as anybody knows. */
function leadsRight({ to = [] }: Rule, wanted: Rule): boolean {
  const asked = wanted.match.destinationPort[0]?.from ?? 0;
  const right = wanted.to ?? [];
  if (to === 'unknown' || right === 'unknown') return true;
  return to.every((endpoint) => isAmong(endpoint, right, asked));
}

/**
 * Packets that are to be translated and are not, or lead elsewhere too; exact, but for conditions nobody here
 * understands: what they may translate counts as translated. Pure.
 */
export function mistranslated(asked: RuleSet, inForce: RuleSet): readonly Mistranslated[] {
  const { translations: wish } = asked;
  const { translations: real } = inForce;
  if (wish === undefined || real === undefined) return [];
  return (['destination', 'source'] as const).flatMap((translation) =>
    wish[translation].flatMap(({ rules }) =>
      among(rules, flatten(real[translation])).map((found) => ({ translation, ...found })),
    ),
  );
}

/** Rules asked for that the flat list does not follow, or not with all their packets. */
function among(
  asked: readonly Rule[],
  rules: readonly FlatRule[],
): readonly Omit<Mistranslated, 'translation'>[] {
  return asked.flatMap((wanted) => {
    const astray = new Map<Rule | undefined, readonly Match[]>();
    let left: readonly Match[] = [wanted.match];
    for (const { match, rule, through, certain } of rules) {
      const taken = left.map((part) => intersect(part, match)).filter((part) => !isEmpty(part));
      // The first translation of a connection holds, whatever later chains say.
      const translator = [...through, rule].find((each) => each?.to !== undefined);
      // A denial that may not hold leaves the packets to what comes after.
      if (taken.length === 0 || (translator === undefined && !certain)) continue;
      if (translator === undefined || !leadsRight(translator, wanted)) {
        astray.set(translator, [...(astray.get(translator) ?? []), ...taken]);
      }
      left = left.flatMap((part) => subtract(part, match));
    }
    if (left.length > 0) astray.set(undefined, [...(astray.get(undefined) ?? []), ...left]);
    return [...astray].flatMap(([rule, parts]) => {
      const [first, ...more] = merged(parts);
      return first === undefined
        ? []
        : [{ asked: wanted, rule, regions: [first, ...more] as const }];
    });
  });
}
