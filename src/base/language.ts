/** The languages of everything a person reads on screen; logs are English. */
export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];

/** One text in every language: a missing one is a type error. */
export type Text = Readonly<Record<Language, string>>;

/** The language of `--lang`, else of `LANG`/`LC_ALL`, else English. */
export function chooseLanguage(
  flag: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Language {
  const wish =
    flag ?? environment['LC_ALL'] ?? environment['LC_MESSAGES'] ?? environment['LANG'] ?? '';
  return wish.toLowerCase().startsWith('de') ? 'de' : 'en';
}
