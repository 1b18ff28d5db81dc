import type { Language } from '#base';

const en = {
  /** Headings and placeholders of help as commander writes them, in this language. */
  titles: {} as Readonly<Record<string, string>>,
  help: 'what this command does, with examples',
  helpCommand: 'the help of a command',
  version: 'the version of Usher',
  default: 'default',
  choices: 'one of',
  missingArgument: (name: string) => `the argument <${name}> is missing`,
  optionMissingArgument: (flags: string) => `${flags} needs a value`,
  missingOption: (flags: string) => `the option ${flags} is missing`,
  unknownOption: (flag: string) => `unknown option ${flag}`,
  unknownCommand: (name: string) => `unknown command ${name}`,
  tooMany: (given: string) => `too many arguments: ${given}`,
  badChoice: (flags: string, value: string, allowed: string) =>
    `${flags}: ${value} is not one of ${allowed}`,
  meant: (suggestions: string) => `Did you mean ${suggestions}? `,
  seeHelp: (command: string) => `"${command} --help" lists what there is.`,
};

const de: typeof en = {
  titles: {
    'Usage:': 'Aufruf:',
    'Options:': 'Optionen:',
    'Commands:': 'Befehle:',
    'Arguments:': 'Argumente:',
    '[options]': '[Optionen]',
    '[command]': '[Befehl]',
  },
  help: 'was dieser Befehl tut, mit Beispielen',
  helpCommand: 'die Hilfe zu einem Befehl',
  version: 'die Version von Usher',
  default: 'Vorgabe',
  choices: 'eines von',
  missingArgument: (name) => `das Argument <${name}> fehlt`,
  optionMissingArgument: (flags) => `${flags} braucht einen Wert`,
  missingOption: (flags) => `die Option ${flags} fehlt`,
  unknownOption: (flag) => `unbekannte Option ${flag}`,
  unknownCommand: (name) => `unbekannter Befehl ${name}`,
  tooMany: (given) => `zu viele Argumente: ${given}`,
  badChoice: (flags, value, allowed) => `${flags}: ${value} ist keines von ${allowed}`,
  meant: (suggestions) => `Meinten Sie ${suggestions}? `,
  seeHelp: (command) => `„${command} --help“ zeigt, was es gibt.`,
};

/** Texts of the command line itself: help and wrong calls. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
