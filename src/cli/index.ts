import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { chooseLanguage, messageOf, UsherError, type Language } from '#base';
import { readGlobalArguments, type GlobalArguments } from './arguments.ts';
import { commands } from './commands.ts';
import { texts } from './messages/main.ts';
import { texts as usageTexts } from './messages/usage.ts';
import { terminal, type World } from './terminal.ts';
import { speak } from './usage.ts';

export type { CliContext, CommandFactory } from './context.ts';

/**
 * Runs one command and resolves with the exit status of the command-line contract:
 * 0 as asked, 1 a negative verdict, 2 bad usage or bad topology. Without a command it prints the
 * overview on standard error and resolves with 2: nothing was asked for.
 */
export async function main(args: readonly string[], world: World = process): Promise<0 | 1 | 2> {
  let global: GlobalArguments;
  try {
    global = readGlobalArguments(args, world.env);
  } catch (error) {
    return report(error, chooseLanguage(world.env['USHER_LANG'], world.env), world);
  }
  const { language, rest } = global;
  const context = terminal(global, world);
  try {
    const program = new Command('usher')
      .description(texts.about[language])
      .version(`usher ${version()}`, '-V, --version', usageTexts(language).version)
      .addHelpText('after', texts.everywhere[language]);
    const words = rest.filter((arg) => !arg.startsWith('-'));
    const asked = words[0] === 'help' ? words[1] : words[0];
    for (const entry of commands) {
      const command =
        entry.name === asked
          ? (await entry.load())(context)
          : new Command(entry.name).description(entry.summary[language]);
      program.addCommand(command);
    }
    speak(program, language);
    intoWorld(program, world);
    await program.parseAsync([...rest], { from: 'user' });
    return context.status();
  } catch (error) {
    return report(error, language, world);
  } finally {
    context.release();
  }
}

/** Sends the help of a command and of all below it where this call writes. */
function intoWorld(command: Command, world: World): void {
  command.configureOutput({
    writeOut: (text) => void world.stdout.write(text),
    writeErr: (text) => void world.stderr.write(text),
  });
  for (const inner of command.commands) intoWorld(inner, world);
}

/** The version in package.json. */
function version(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  const known = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return known ? String(manifest.version) : '';
}

function report(error: unknown, language: Language, { stderr }: World): 0 | 1 | 2 {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsherError) {
    stderr.write(`usher: ${error.message}\n`);
    stderr.write(`  ${texts.remedy[language]}: ${error.remedy} [${error.code}]\n`);
    return error.exitStatus;
  }
  stderr.write(`usher: ${texts.unexpected[language]}\n`);
  stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}\n`);
  return 2;
}
