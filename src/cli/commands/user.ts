import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { Command, Option } from 'commander';
import { UsherError, describeFault, messageOf } from '#base';
import {
  type Checked,
  type ImportFormat,
  SqliteUserDirectory,
  type User,
  checkAor,
  checkDisplayName,
  checkHomePool,
  checkPassword,
  importFormats,
  importUsers,
  splitAor,
  verifiersOf,
} from '#identity';
import type { Topology } from '#topology';
import type { CliContext, CommandFactory } from '../context.ts';
import { texts } from '../messages/user.ts';
import { defaultTopology, readPlan } from '../plan-file.ts';

interface PasswordOptions {
  readonly passwordFile?: string;
  readonly randomPassword?: boolean;
}

/** `usher user add|list|move|remove|import|enable|disable|password` */
export const user: CommandFactory = (context) => {
  const text = texts(context.language);
  const command = new Command('user')
    .description(text.description)
    .addHelpText('after', text.about);
  for (const build of [add, list, move, remove, importFile, enable, disable, password]) {
    command.addCommand(build(context));
  }
  return command;
};

const add: CommandFactory = (context) => {
  const text = texts(context.language);
  return withPassword(context, new Command('add'))
    .description(text.add.description)
    .argument('<address>', text.address)
    .requiredOption('--home-pool <fqdn>', text.homePool)
    .option('--name <name>', text.add.name)
    .option('--disabled', text.add.disabled)
    .option('--topology <file>', text.topology)
    .addHelpText('after', text.add.help)
    .action(
      async (
        address: string,
        options: PasswordOptions & {
          homePool: string;
          name?: string;
          disabled?: boolean;
          topology?: string;
        },
      ) => {
        const topology = topologyOf(context, options.topology);
        const aor = sound(checkAor(address, topology));
        const homePool = sound(checkHomePool(options.homePool, topology));
        await withUsers(context, async (users) => {
          if (users.find(aor) !== undefined) {
            throw usage('USHER_USER_EXISTS', text.exists(aor), text.existsRemedy);
          }
          const secret = await obtainPassword(context, aor, options);
          const displayName = sound(checkDisplayName(options.name ?? splitAor(aor).local));
          const enabled = options.disabled !== true;
          const verifiers = verifiersOf(aor, secret);
          users.put([{ aor, displayName, homePool, enabled, verifiers }]);
          context.print(text.added(aor, homePool));
          if (options.randomPassword === true) context.print(text.shown(secret));
        });
      },
    );
};

const list: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('list')
    .description(text.list.description)
    .option('--pool <fqdn>', text.list.pool)
    .option('--json', text.json)
    .addHelpText('after', text.list.help)
    .action(async (options: { pool?: string; json?: boolean }) => {
      await withUsers(context, (users) => {
        const found = users.list({ homePool: options.pool });
        if (options.json === true) context.print(JSON.stringify(found, null, 2));
        else if (found.length === 0) context.complain(text.none);
        else context.print(table(context, found));
      });
    });
};

const move: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('move')
    .description(text.move.description)
    .argument('<address...>', text.addresses)
    .requiredOption('--home-pool <fqdn>', text.homePool)
    .option('--topology <file>', text.topology)
    .addHelpText('after', text.move.help)
    .action(async (addresses: string[], options: { homePool: string; topology?: string }) => {
      const topology = topologyOf(context, options.topology);
      const homePool = sound(checkHomePool(options.homePool, topology));
      await withUsers(context, (users) => {
        const found = existing(context, users, addresses);
        users.put(found.map((each) => ({ ...each, homePool })));
        for (const { aor } of found) context.print(text.moved(aor, homePool));
      });
    });
};

const remove: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('remove')
    .description(text.remove.description)
    .argument('<address...>', text.addresses)
    .addHelpText('after', text.remove.help)
    .action(async (addresses: string[]) => {
      await withUsers(context, (users) => {
        const found = existing(context, users, addresses);
        users.remove(found.map(({ aor }) => aor));
        for (const { aor } of found) context.print(text.removed(aor));
      });
    });
};

const enable: CommandFactory = (context) => switchCommand(context, 'enable');
const disable: CommandFactory = (context) => switchCommand(context, 'disable');

function switchCommand(context: CliContext, name: 'enable' | 'disable'): Command {
  const text = texts(context.language);
  return new Command(name)
    .description(text[name].description)
    .argument('<address...>', text.addresses)
    .addHelpText('after', text[name].help)
    .action(async (addresses: string[]) => {
      await withUsers(context, (users) => {
        const found = existing(context, users, addresses);
        users.put(found.map((each) => ({ ...each, enabled: name === 'enable' })));
        const say = name === 'enable' ? text.enabled : text.disabled;
        for (const { aor } of found) context.print(say(aor));
      });
    });
}

const password: CommandFactory = (context) => {
  const text = texts(context.language);
  return withPassword(context, new Command('password'))
    .description(text.password.description)
    .argument('<address>', text.address)
    .addHelpText('after', text.password.help)
    .action(async (address: string, options: PasswordOptions) => {
      await withUsers(context, async (users) => {
        for (const each of existing(context, users, [address])) {
          const secret = await obtainPassword(context, each.aor, options);
          users.put([{ ...each, verifiers: verifiersOf(each.aor, secret) }]);
          context.print(text.changed(each.aor));
          if (options.randomPassword === true) context.print(text.shown(secret));
        }
      });
    });
};

const importFile: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('import')
    .description(text.import.description)
    .argument('<file>', text.import.file)
    .addOption(new Option('--format <format>', text.import.format).choices(importFormats))
    .option('--topology <file>', text.topology)
    .option('--check', text.import.check)
    .addHelpText('after', text.import.help)
    .action(
      async (
        file: string,
        options: { format?: ImportFormat; topology?: string; check?: boolean },
      ) => {
        const topology = topologyOf(context, options.topology);
        const format = options.format ?? formatOf(context, file);
        const content = read(context, file);
        await withUsers(context, (users) => {
          const exists = (aor: string): boolean => users.find(aor) !== undefined;
          const result = importUsers(content, { file, format, topology, exists });
          if (!result.ok) {
            const lines = result.faults
              .slice(0, mostFaults)
              .map((each) => `  ${describeFault(each)}`);
            const rest = result.faults.length - lines.length;
            if (rest > 0) lines.push(text.import.more(rest));
            const head = text.import.faults(result.faults.length);
            throw usage('USHER_IMPORT', `${head}\n${lines.join('\n')}`, text.import.faultsRemedy);
          }
          const count = result.users.length;
          if (options.check === true) return context.print(text.import.sound(count));
          users.put(result.users);
          context.print(text.import.done(count));
        });
      },
    );
};

/** More than a person mends in one go; the count says how many there are. */
const mostFaults = 100;

function withPassword(context: CliContext, command: Command): Command {
  const text = texts(context.language);
  return command
    .option('--password-file <file>', text.passwordFile)
    .option('--random-password', text.randomPassword);
}

async function obtainPassword(
  context: CliContext,
  aor: string,
  options: PasswordOptions,
): Promise<string> {
  const text = texts(context.language);
  const { passwordFile, randomPassword } = options;
  if (passwordFile !== undefined && randomPassword === true) {
    throw usage('USHER_USAGE', text.onePassword, text.onePasswordRemedy);
  }
  if (randomPassword === true) return randomBytes(15).toString('base64url');
  const secret =
    passwordFile === undefined
      ? await context.ask(text.ask(aor), { hidden: true })
      : (read(context, passwordFile).split(/\r?\n/u, 1)[0] ?? '');
  return sound(checkPassword(secret));
}

/** The users of these addresses, or an error that names every one there is not. */
function existing(
  context: CliContext,
  users: SqliteUserDirectory,
  addresses: readonly string[],
): readonly User[] {
  const text = texts(context.language);
  const found: User[] = [];
  const missing: string[] = [];
  for (const address of addresses) {
    const each = users.find(address.trim().replace(/^sips?:/iu, ''));
    if (each === undefined) missing.push(address);
    else found.push(each);
  }
  if (missing.length > 0) {
    throw usage('USHER_NO_SUCH_USER', text.unknown(missing.join(', ')), text.unknownRemedy);
  }
  return found;
}

async function withUsers(
  context: CliContext,
  use: (users: SqliteUserDirectory) => void | Promise<void>,
): Promise<void> {
  const file = join(context.state ?? '.usher', 'users.db');
  const users = new SqliteUserDirectory(file, { mode: 'write' });
  try {
    await use(users);
  } finally {
    users.close();
  }
}

function topologyOf(context: CliContext, file: string | undefined): Topology {
  return readPlan(context, file ?? defaultTopology({ orContoso: true })).topology;
}

function sound<T>(checked: Checked<T>): T {
  if (checked.ok) return checked.value;
  const { found, allowed, remedy } = checked.complaint;
  throw usage('USHER_USAGE', `${found}; allowed: ${allowed}`, remedy);
}

function usage(code: string, message: string, remedy: string): UsherError {
  return new UsherError(code, message, { remedy });
}

function read(context: CliContext, file: string): string {
  const text = texts(context.language).import;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const message = `${text.unreadable(file)}: ${messageOf(error)}`;
    throw new UsherError('USHER_USAGE', message, { remedy: text.unreadableRemedy, cause: error });
  }
}

function formatOf(context: CliContext, file: string): ImportFormat {
  const extension = extname(file).slice(1).toLowerCase();
  const name = extension === 'yml' ? 'yaml' : extension;
  const format = importFormats.find((known) => known === name);
  if (format !== undefined) return format;
  const text = texts(context.language).import;
  throw usage('USHER_USAGE', text.unknownFormat(file), text.unknownFormatRemedy);
}

function table(context: CliContext, users: readonly User[]): string {
  const text = texts(context.language);
  const rows = [
    [text.columns.aor, text.columns.displayName, text.columns.homePool, text.columns.enabled],
    ...users.map((each) => [
      each.aor,
      each.displayName,
      each.homePool,
      each.enabled ? text.yes : text.no,
    ]),
  ];
  const widths = [0, 1, 2].map((column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
