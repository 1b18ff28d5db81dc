import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { UsherError } from '#base';
import { launch, needVersion, run, type Tool } from '../engines/program.ts';
import { readTracked, type Tracked } from './conntrack.ts';
import { affinityMapOf, table } from './rules.ts';

const nft: Tool = { name: 'nft', debian: 'nftables' };
const conntrack: Tool = { name: 'conntrack', debian: 'conntrack' };

/** The oldest version these rules were loaded with. */
const oldestNft = '1.0.6';

const [, family = '', name = ''] = table.split(' ');

/**
 * Makes sure that the programs are there.
 *
 * @throws UsherError `USHER_ENGINE_PROGRAM`
 */
export async function needPrograms(): Promise<void> {
  await needVersion(nft, '--version', oldestNft);
  await run(conntrack, ['--version']);
}

/**
 * Loads rules in one transaction.
 *
 * @throws UsherError `USHER_ENGINE_FORBIDDEN` without the right to change them, `USHER_ENGINE_REFUSED`
 *   with what nft said otherwise
 */
export async function load(rules: string): Promise<void> {
  const { status, complaint } = await run(nft, ['-f', '-'], rules);
  if (status !== 0) throw refused('nft', complaint);
}

/** The chains of our table; none when there is no table. */
export async function chainsOfTable(): Promise<readonly string[]> {
  const { status, output, complaint } = await run(nft, ['-t', 'list', 'table', family, name]);
  if (status === 0) return [...output.matchAll(/^\tchain (\S+) \{/gmu)].map(([, one = '']) => one);
  if (/No such file or directory/u.test(complaint)) return [];
  throw refused('nft', complaint);
}

/** Every counter of the table, by name: packets it counted. */
export async function counters(): Promise<ReadonlyMap<string, number>> {
  const { output } = await run(nft, ['list', 'counters', 'table', family, name]);
  return new Map(
    [...output.matchAll(/counter (\S+) \{\s+packets (\d+)/gu)].map(([, key = '', packets]) => [
      key,
      Number(packets),
    ]),
  );
}

/** How many clients of a VIP are bound to each mark. */
export async function boundClients(vip: string): Promise<ReadonlyMap<number, number>> {
  const { output } = await run(nft, ['list', 'map', family, name, affinityMapOf({ address: vip })]);
  const found = new Map<number, number>();
  for (const [, digits] of output.matchAll(/ : 0x([\da-f]+)\b/gu)) {
    const mark = Number.parseInt(digits ?? '', 16);
    found.set(mark, (found.get(mark) ?? 0) + 1);
  }
  return found;
}

const familyFlag = (vip: string): string => (vip.includes(':') ? 'ipv6' : 'ipv4');

/** Every connection to a VIP that the kernel tracks. */
export async function connectionsTo(vip: string): Promise<readonly Tracked[]> {
  const asked = ['-L', '-f', familyFlag(vip), '-p', 'tcp', '--orig-dst', vip];
  const { status, output, complaint } = await run(conntrack, asked);
  if (status !== 0) throw refused('conntrack', complaint);
  return output.split('\n').flatMap((line) => readTracked(line) ?? []);
}

/** Forgets connections to a member of a VIP that never came about, so that the clients' next try is new. */
export async function forgetAttempts(vip: string, mark: number): Promise<void> {
  // Exit status 1 says that there was none.
  const asked = ['-D', '-f', familyFlag(vip), '-p', 'tcp', '--state', 'SYN_SENT'];
  await run(conntrack, [...asked, '--orig-dst', vip, '--mark', String(mark)]);
}

/** Forgets every connection to a VIP. */
export async function forget(vip: string): Promise<void> {
  // Exit status 1 says that there was none.
  await run(conntrack, ['-D', '-f', familyFlag(vip), '-p', 'tcp', '--orig-dst', vip]);
}

/** Tells the end of every connection that asked for it (`ct event set destroy`). */
export async function watchEnds(ended: (connection: Tracked) => void): Promise<ChildProcess> {
  const child = await launch(conntrack, ['-E', '-e', 'DESTROY', '-p', 'tcp', '-b', '4194304']);
  if (child.stdout === null) throw new Error('conntrack has no pipes');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const connection = readTracked(line);
    if (connection !== undefined) ended(connection);
  });
  child.stderr?.resume();
  return child;
}

function refused(program: string, complaint: string): UsherError {
  if (/Operation not permitted|you must be root|EPERM/iu.test(complaint)) {
    return new UsherError(
      'USHER_ENGINE_FORBIDDEN',
      `This account may not change the packet filter of the kernel (${program}: ${firstLine(complaint)}).`,
      {
        remedy:
          'Run the balancer as root or with CAP_NET_ADMIN (AmbientCapabilities= of its systemd unit), or write "engine: embedded" in the topology.',
      },
    );
  }
  return new UsherError(
    'USHER_ENGINE_REFUSED',
    `${program} refused what the engine asked: ${firstLine(complaint)}`,
    { remedy: 'See what it said; the kernel may lack nf_tables, NAT or connection tracking.' },
  );
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
