import { Command, CommanderError } from 'commander';
import { messageOf, UsherError, type Language } from '#base';
import { readGlobalArguments, type GlobalArguments } from './arguments.ts';
import { commands } from './commands.ts';
import { texts } from './messages/main.ts';
import { terminal } from './terminal.ts';

export type { CliContext, CommandFactory } from './context.ts';

/**
 * Runs one command and resolves with the exit status of the command-line contract:
 * 0 as asked, 1 a negative verdict, 2 bad usage or bad topology.
 */
export async function main(args: readonly string[]): Promise<number> {
  let global: GlobalArguments;
  try {
    global = readGlobalArguments(args, process.env);
  } catch (error) {
    return report(error, 'en');
  }
  const context = terminal(global, process.env);
  const program = new Command('usher')
    .description(texts.about[global.language])
    .addHelpText('after', texts.everywhere[global.language])
    .exitOverride();
  const asked = global.rest.find((arg) => !arg.startsWith('-'));
  for (const entry of commands) {
    if (entry.name === asked) {
      const command = (await entry.load())(context);
      program.addCommand(inheritExit(command));
    } else {
      program.command(entry.name).description(entry.summary[global.language]);
    }
  }
  try {
    await program.parseAsync([...global.rest], { from: 'user' });
    return context.status();
  } catch (error) {
    return report(error, global.language);
  }
}

/** Makes a command and all below it throw instead of ending the process. */
function inheritExit(command: Command): Command {
  command.exitOverride();
  for (const inner of command.commands) inheritExit(inner);
  return command;
}

function report(error: unknown, language: Language): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsherError) {
    process.stderr.write(`usher: ${error.message}\n`);
    process.stderr.write(`  ${texts.remedy[language]}: ${error.remedy} [${error.code}]\n`);
    return error.exitStatus;
  }
  process.stderr.write(`usher: ${texts.unexpected[language]}\n${messageOf(error)}\n`);
  if (error instanceof Error && error.stack !== undefined) process.stderr.write(`${error.stack}\n`);
  return 2;
}
