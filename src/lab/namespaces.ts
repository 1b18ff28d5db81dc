import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '#base';
import { nftables } from '#firewall';
import { command } from './command.ts';
import { endProcesses, namespacesHere } from './processes.ts';
import type { Setup } from './plan/index.ts';

/** What `ip netns exec` puts over /etc (ip-netns(8)). */
const overEtc = '/etc/netns';

/** Namespaces set up at once: each is a shell and two or three programs that are gone in a moment. */
const atOnce = 4;

const ruleSetText = ({ rules }: Setup): string =>
  rules === undefined ? '' : (nftables.render([rules], {})[0]?.content ?? '');

/** A block of standard input for a shell; nothing in it is expanded. */
const fed = (program: string, text: string): string => {
  if (text.trim() === '') return '';
  return `${program} <<'END OF INPUT'\n${text.trimEnd()}\nEND OF INPUT\n`;
};

/** The rules go in before the first link is up: at no time is a host without them. */
function script(setup: Setup): string {
  const switches = setup.sysctls.map(
    ([key, value]) => `[ ! -e /proc/sys/${key} ] || echo ${value} > /proc/sys/${key}\n`,
  );
  return [
    'set -eu\n',
    ...switches,
    fed('nft -f -', ruleSetText(setup)),
    fed('ip -batch -', setup.ip.join('\n')),
    fed('ip -6 -batch -', setup.ip6.join('\n')),
  ].join('');
}

/** Makes the namespaces, each with its own view of /etc, and both ends of every wire. */
export async function makeNamespaces(
  names: readonly string[],
  links: readonly string[],
  etc: (namespace: string) => Readonly<Record<string, string>>,
): Promise<void> {
  for (const name of names) {
    const directory = join(overEtc, name);
    await mkdir(directory, { recursive: true });
    for (const [file, content] of Object.entries(etc(name))) {
      await writeFile(join(directory, file), content);
    }
  }
  const batch = [...names.map((name) => `netns add ${name}`), ...links].join('\n');
  await command('ip', ['-batch', '-'], `${batch}\n`);
}

/** Switches, rules, addresses and routes of every namespace. */
export async function furnish(setups: readonly Setup[]): Promise<void> {
  const queue = setups.values();
  const worker = async (): Promise<void> => {
    for (const setup of queue) {
      await command('ip', ['netns', 'exec', setup.namespace, 'sh', '-s'], script(setup));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Ends what runs in these namespaces and removes them, as far as they are there. */
export async function removeNamespaces(names: readonly string[]): Promise<void> {
  await endProcesses(names);
  const here = await namespacesHere();
  const left = names.filter((name) => here.has(name));
  if (left.length > 0) {
    const batch = left.map((name) => `netns del ${name}`).join('\n');
    await command('ip', ['-batch', '-'], `${batch}\n`);
  }
  for (const name of names) await rm(join(overEtc, name), { recursive: true, force: true });
  try {
    await rmdir(overEtc);
  } catch (error) {
    // Somebody else's namespaces have files there, too; or nobody's has.
    const code = systemErrorCode(error);
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT' && code !== 'EEXIST') throw error;
  }
}
