import type { Command, CommanderError, Option } from 'commander';
import { UsherError, type Language } from '#base';
import { texts } from './messages/usage.ts';

/**
 * Makes a command and all below it speak the reader's language in their help, and throw what is wrong
 * with a call (`USHER_USAGE`, with the way out) instead of printing it and ending the process.
 */
export function speak(command: Command, language: Language): Command {
  const text = texts(language);
  const title = (words: string): string =>
    Object.entries(text.titles).reduce((done, [from, to]) => done.replaceAll(from, to), words);
  command
    .exitOverride((error) => {
      throw usageError(error, command, language);
    })
    .configureOutput({ outputError: () => {} })
    .configureHelp({
      styleTitle: title,
      styleUsage: title,
      styleSubcommandTerm: title,
      optionDescription: (option) => describeOption(option, language),
    })
    .helpOption('-h, --help', text.help);
  if (command.commands.length > 0) {
    command.helpCommand(title('help [command]'), text.helpCommand);
    for (const inner of command.commands) speak(inner, language);
  }
  return command;
}

/** What an option is for, with its default and its choices as a person would write them. */
function describeOption(option: Option, language: Language): string {
  const text = texts(language);
  const extras: string[] = [];
  if (option.argChoices !== undefined && option.argChoices.length > 0) {
    extras.push(`${text.choices} ${option.argChoices.join(', ')}`);
  }
  if (typeof option.defaultValue === 'string') {
    extras.push(`${text.default} ${option.defaultValue}`);
  }
  return extras.length === 0 ? option.description : `${option.description} (${extras.join('; ')})`;
}

/** The full name of a command, e.g. `usher user add`. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** Help and version end a call without an error, as they are; everything else is a wrong call. */
function usageError(
  error: CommanderError,
  command: Command,
  language: Language,
): CommanderError | UsherError {
  if (error.exitCode === 0 || error.code === 'commander.help') return error;
  const text = texts(language);
  const meant = /\(Did you mean (?:one of )?(.+)\?\)/u.exec(error.message)?.[1];
  const remedy = `${meant === undefined ? '' : text.meant(meant)}${text.seeHelp(pathOf(command))}`;
  return new UsherError('USHER_USAGE', reword(error, language), { remedy, cause: error });
}

/** Commander's message in the reader's language; its English one where it has a new one. */
function reword({ code, message }: CommanderError, language: Language): string {
  const text = texts(language);
  const [, first = '', second = ''] = /'([^']*)'(?:[^']*'([^']*)')?/u.exec(message) ?? [];
  switch (code) {
    case 'commander.missingArgument':
      return text.missingArgument(first);
    case 'commander.optionMissingArgument':
      return text.optionMissingArgument(first);
    case 'commander.missingMandatoryOptionValue':
      return text.missingOption(first);
    case 'commander.unknownOption':
      return text.unknownOption(first);
    case 'commander.unknownCommand':
      return text.unknownCommand(first);
    case 'commander.excessArguments':
      return text.tooMany(/: ([^:]*)\.$/u.exec(message)?.[1] ?? '');
    case 'commander.invalidArgument': {
      const allowed = /Allowed choices are (.+)\.$/u.exec(message)?.[1];
      if (allowed !== undefined) return text.badChoice(first, second, allowed);
    }
  }
  return message.replace(/^error: /u, '');
}
