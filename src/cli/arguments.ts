import { chooseLanguage, UsherError, type Language } from '#base';
import { texts } from './messages/main.ts';

/** The options that mean the same for every command, and what is left for the command itself. */
export interface GlobalArguments {
  readonly language: Language;
  readonly state: string | undefined;
  readonly rest: readonly string[];
}

/**
 * Takes `--lang` and `--state` out of the arguments, wherever they stand, up to `--`.
 * Flags win over `USHER_LANG` and `USHER_STATE`, which win over `LANG`.
 *
 * @throws UsherError `USHER_USAGE` when a value is missing or not allowed
 */
export function readGlobalArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): GlobalArguments {
  const language = chooseLanguage(environment['USHER_LANG'], environment);
  const rest: string[] = [];
  const found = new Map<string, string>();
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (arg === '--') {
      rest.push(...args.slice(index));
      break;
    }
    const match = /^--(lang|state)(?:=(.*))?$/su.exec(arg);
    if (match === null) {
      rest.push(arg);
      continue;
    }
    const value = match[2] ?? args[++index];
    if (value === undefined || value === '') {
      throw new UsherError('USHER_USAGE', `${arg} ${texts.needsValue[language]}`, {
        remedy: `${arg} VALUE`,
      });
    }
    found.set(match[1] ?? '', value);
  }
  const wish = found.get('lang') ?? environment['USHER_LANG'];
  if (wish !== undefined && wish !== 'en' && wish !== 'de') {
    throw new UsherError('USHER_USAGE', `--lang ${wish}: ${texts.langAllowed[language]}`, {
      remedy: '--lang en, --lang de',
    });
  }
  return {
    language: chooseLanguage(wish, environment),
    state: found.get('state') ?? environment['USHER_STATE'],
    rest,
  };
}
