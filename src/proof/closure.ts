import { readdir, readlink } from 'node:fs/promises';
import type { Plan } from '#ports';
import { hostsOf } from '#topology';
import { texts } from './messages.ts';
import { isWildcard, openSockets, type OpenSocket } from './sockets.ts';
import type { ClosureProof, UnexpectedSocket } from './verdict.ts';

const key = (address: string, port: number): string => `${address} ${port}`;

/** Every address that belongs to the deployment: hosts inside and outside, and VIPs. */
export function deploymentAddresses(plan: Plan): ReadonlySet<string> {
  const addresses = new Set<string>();
  for (const host of hostsOf(plan.topology)) {
    for (const address of host.addresses) addresses.add(address);
    for (const address of host.external?.addresses ?? []) addresses.add(address);
  }
  for (const service of plan.virtualServices) addresses.add(service.address);
  return addresses;
}

/** Every `address port` some flow asks for. */
function wanted(plan: Plan): ReadonlySet<string> {
  const sockets = [...plan.listeners, ...plan.virtualServices];
  return new Set(sockets.map(({ address, port }) => key(address, port)));
}

/**
 * Compares the kernel's socket table with the plan: a socket on an address of the deployment that
 * no flow asks for is a defect. A program of the machine that listens on every address at once
 * (an SSH server, say) is not the deployment's and becomes a remark, unless a process of the
 * deployment holds it.
 */
export async function proveClosure(plan: Plan): Promise<ClosureProof> {
  const sockets = await openSockets();
  if (sockets === undefined) {
    return { probed: 0, unexpectedlyOpen: [], remarks: [texts.noSocketTable] };
  }
  const expected = wanted(plan);
  const own = await ownInodes(sockets.filter((s) => expected.has(key(s.address, s.port))));
  return compareSockets(plan, sockets, own);
}

/** The comparison itself; `own` holds the inodes of sockets the deployment's processes hold. */
export function compareSockets(
  plan: Plan,
  sockets: readonly OpenSocket[],
  own: ReadonlySet<string>,
): ClosureProof {
  const addresses = deploymentAddresses(plan);
  const expected = wanted(plan);
  const unexpectedlyOpen: UnexpectedSocket[] = [];
  const shared = new Set<number>();
  for (const { protocol, address, port, inode } of sockets) {
    if (addresses.has(address)) {
      if (protocol === 'tcp' && expected.has(key(address, port))) continue;
      const evidence = 'in the kernel’s socket table, asked for by no flow';
      unexpectedlyOpen.push({ protocol, address, port, evidence });
    } else if (isWildcard(address)) {
      if (own.has(inode)) {
        const evidence = 'a process of the deployment listens on every address of the machine';
        unexpectedlyOpen.push({ protocol, address, port, evidence });
      } else if (protocol === 'tcp') {
        shared.add(port);
      }
    }
  }
  return { probed: sockets.length, unexpectedlyOpen, remarks: [...shared].map(texts.machinePort) };
}

/**
 * Inodes of every socket held by the processes that hold one of `sockets`. Processes whose
 * descriptors we may not read (another user's) contribute nothing.
 */
async function ownInodes(sockets: readonly OpenSocket[]): Promise<ReadonlySet<string>> {
  const seeds = new Set(sockets.map((socket) => socket.inode));
  const own = new Set<string>();
  const entries = await readdir('/proc');
  for (const pid of entries.filter((entry) => /^\d+$/u.test(entry))) {
    const held = await socketInodes(pid);
    if (held.some((inode) => seeds.has(inode))) for (const inode of held) own.add(inode);
  }
  return own;
}

async function socketInodes(pid: string): Promise<readonly string[]> {
  try {
    const descriptors = await readdir(`/proc/${pid}/fd`);
    const links = await Promise.all(
      descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')),
    );
    return links.flatMap((link) => /^socket:\[(\d+)\]$/u.exec(link)?.[1] ?? []);
  } catch {
    // Gone meanwhile, or not ours to read.
    return [];
  }
}
