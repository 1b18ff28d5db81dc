import { readFile, writeFile } from 'node:fs/promises';
import { UsherError } from '#base';
import { planOn } from '#firewall';
import { Deployment } from '#host';
import { loadPlan } from '#ports';
import type { Plan } from '#ports';
import type { Host } from '#topology';
import { command } from './command.ts';
import { furnish, makeNamespaces, removeNamespaces } from './namespaces.ts';
import {
  checkName,
  hostsFile,
  namespaceOf,
  networkOf,
  renumbered,
  resolvConf,
  setupsOf,
} from './plan/index.ts';
import { namespacesHere, startOf } from './processes.ts';
import {
  claim,
  copiedTopology,
  forget,
  labNames,
  readRecord,
  rewrite,
  type LabRecord,
} from './record.ts';

/** The topology as a lab runs it. */
export interface LabTopology {
  /** The file of the user, or where a copy with moved addresses will be. */
  readonly file: string;
  readonly plan: Plan;
  /** The text of that copy; absent when the file itself will do. */
  readonly copy?: string;
}

/** A lab as it is to be. */
export interface LabOptions {
  readonly name: string;
  readonly topology: LabTopology;
  /** Absolute. */
  readonly stateDirectory: string;
}

/** How far a lab is. */
export type LabStep = 'wired' | 'started';

/**
 * Checks that this machine can have labs.
 *
 * @throws UsherError `USHER_LAB_PLATFORM`, `USHER_LAB_ROOT`, `USHER_LAB_TOOL`
 */
export async function requireLab(): Promise<void> {
  if (process.platform !== 'linux') {
    throw new UsherError(
      'USHER_LAB_PLATFORM',
      `a lab needs Linux, and this is ${process.platform}`,
      {
        remedy: 'Run it in a Linux machine, virtual or not; usher up runs everywhere.',
      },
    );
  }
  if (process.getuid?.() !== 0) {
    throw new UsherError('USHER_LAB_ROOT', 'only root may make network namespaces', {
      remedy: 'Run it with sudo; usher up needs no root with --port-offset 10000.',
    });
  }
  await command('ip', ['-Version']);
  await command('nft', ['--version']);
}

/**
 * The topology a lab runs: the file itself, or a copy in which loopback addresses are moved (127.x.y.z
 * becomes 10.x.y.z), since Linux lets none of them on a wire. Flows of the site that are over are left out.
 *
 * @param today `YYYY-MM-DD`
 * @throws UsherError `USHER_LAB_ADDRESS`, `USHER_LAB_TRUST`
 */
export async function labTopology(
  name: string,
  file: string,
  plan: Plan,
  today: string,
): Promise<LabTopology> {
  const text = await readFile(file, 'utf8');
  const moved = renumbered(text, file);
  if (moved === text) return { file, plan: planOn(plan, today) };
  const copy = copiedTopology(checkName(name));
  const loaded = loadPlan(moved, copy);
  if (!loaded.ok) {
    const [fault] = loaded.faults;
    throw new UsherError(
      'USHER_LAB_ADDRESS',
      `${file} has a fault once its loopback addresses are moved to 10.x.y.z: ${fault?.path}: ${fault?.found}`,
      { remedy: 'Use addresses that stay apart when 127 becomes 10, or real ones.' },
    );
  }
  const trust = JSON.stringify(plan.topology.trust);
  if (trust !== JSON.stringify(loaded.plan.topology.trust)) {
    throw new UsherError('USHER_LAB_TRUST', `trust: of ${file} names files beside it`, {
      remedy: 'Write absolute paths under trust:; the lab runs a copy of the file.',
    });
  }
  return { file: copy, plan: planOn(loaded.plan, today), copy: moved };
}

/** True while the process that is making a lab lives. */
async function isMaking({ maker }: LabRecord): Promise<boolean> {
  return (await startOf(maker.pid)) === maker.started;
}

/**
 * Makes room for a lab: removes what an interrupted start has left.
 *
 * @returns true when there was something to remove
 * @throws UsherError `USHER_LAB_UP` when one of that name is up, or being made
 */
export async function makeRoom(name: string): Promise<boolean> {
  const record = await readRecord(name);
  if (record === undefined) return false;
  const making = record.state === 'making';
  if (!making || (await isMaking(record))) {
    throw new UsherError(
      'USHER_LAB_UP',
      making
        ? `the lab ${name} is being made by process ${record.maker.pid}`
        : `the lab ${name} is up already, with ${record.topologyFile}`,
      { remedy: `End it with "usher lab down --name ${name}", or give this one another --name.` },
    );
  }
  await removeNamespaces(record.namespaces);
  await forget(name);
  return true;
}

/**
 * Builds a deployment in network namespaces, every host and both firewalls under their own rules, and
 * starts what the topology puts on each host. What runs stays when this process ends. Removes
 * everything again when it fails.
 *
 * @throws UsherError `USHER_LAB_UP`, `USHER_LAB_NAMESPACE`, `USHER_LAB_ADDRESS`, `USHER_LAB_COMMAND`, or
 * what keeps a host from starting
 */
export async function startLab(
  { name, topology: { file: topologyFile, plan, copy }, stateDirectory }: LabOptions,
  progress: (step: LabStep, host?: Host) => void,
): Promise<LabRecord> {
  const network = networkOf(plan);
  const { links, setups } = setupsOf(checkName(name), network, plan);
  const namespaces = setups.map(({ namespace }) => namespace);
  const here = await namespacesHere();
  const foreign = namespaces.filter((each) => here.has(each));
  if (foreign.length > 0) {
    throw new UsherError('USHER_LAB_NAMESPACE', `${foreign.join(', ')}: not of a lab, but there`, {
      remedy: 'Remove them (ip netns del), or give the lab another --name.',
    });
  }
  const maker = { pid: process.pid, started: (await startOf(process.pid)) ?? '' };
  const record: LabRecord = {
    name,
    topologyFile,
    stateDirectory,
    namespaces,
    state: 'making',
    maker,
  };
  if (!(await claim(record))) {
    throw new UsherError('USHER_LAB_UP', `somebody else is making the lab ${name}`, {
      remedy: 'Wait for it, or give this one another --name.',
    });
  }
  const deployment = new Deployment({
    plan,
    stateDirectory,
    within: ({ fqdn }) => ['ip', 'netns', 'exec', namespaceOf(name, fqdn)],
    progress(host, step) {
      if (step === 'started') progress('started', host);
    },
  });
  try {
    if (copy !== undefined) await writeFile(topologyFile, copy, { mode: 0o600 });
    const outside = namespaceOf(name, 'outside');
    await makeNamespaces(namespaces, links, (namespace) => ({
      hosts: hostsFile(plan.topology, namespace === outside ? 'outside' : 'inside'),
      'resolv.conf': resolvConf,
    }));
    // The processes need their namespaces, and nothing in them before they open a socket.
    deployment.load();
    await furnish(setups);
    progress('wired');
    await deployment.start();
    const up: LabRecord = { ...record, state: 'up' };
    await rewrite(up);
    await deployment.release();
    return up;
  } catch (error) {
    await deployment.close();
    await removeNamespaces(namespaces);
    await forget(name);
    throw error;
  }
}

/** Removes a lab and everything that runs in it; false when there is none of that name. */
export async function stopLab(name: string): Promise<boolean> {
  const record = await readRecord(checkName(name));
  if (record === undefined) return false;
  await removeNamespaces(record.namespaces);
  await forget(name);
  return true;
}

/** @throws UsherError `USHER_LAB_ABSENT` when no lab of that name is up */
export async function openLab(name: string): Promise<LabRecord> {
  const record = await readRecord(checkName(name));
  if (record !== undefined && record.state === 'up') return record;
  const others = (await labNames()).filter((other) => other !== name);
  throw new UsherError('USHER_LAB_ABSENT', `no lab ${name} is up`, {
    remedy:
      others.length === 0
        ? 'Start one with "usher lab up".'
        : `Name one of those there are with --name: ${others.join(', ')}.`,
  });
}
