import type { Socket } from 'node:net';
import { UsherError, messageOf } from '#base';
import type { Flow, Plan } from '#ports';
import { findPool, hostsOf, primarySipDomain } from '#topology';
import { agentPaths } from '#logging';
import { clientTls, loadCredentials, type Credentials } from '#trust';
import { askHttp, askPeer, askSip } from './ask.ts';
import { dialTcp, dialTls, ProbeFailure } from './dial.ts';
import {
  canTalk,
  type Goal,
  goalsOf,
  isLocal,
  type Plays,
  type Vantage,
  vantagesOf,
} from './vantage.ts';
import { judge, type Connection, type ProbeResult, type RowProof } from './verdict.ts';

/** Probes under way at once; more would only queue behind each other's handshakes. */
const atOnce = 8;

const autodiscoverRoot = '/autodiscover/autodiscoverservice.svc/root';

/** The certificates probes present, read once each. */
export class Identities {
  readonly #read = new Map<string, Promise<Credentials>>();
  readonly #stateDirectory: string;
  readonly #plan: Plan;

  constructor(stateDirectory: string, plan: Plan) {
    this.#stateDirectory = stateDirectory;
    this.#plan = plan;
  }

  /** @throws UsherError when the state directory has no certificate for the host */
  of(fqdn: string): Promise<Credentials> {
    let reading = this.#read.get(fqdn);
    if (reading === undefined) {
      reading = loadCredentials(this.#stateDirectory, this.#plan.topology, fqdn);
      this.#read.set(fqdn, reading);
    }
    return reading;
  }

  /**
   * The certificate of some host that nobody will object to, to ask log agents with; of the first
   * host when all of them are bad.
   */
  async any(): Promise<Credentials> {
    const all = await this.readable();
    return all.find(({ findings = [] }) => findings.length === 0) ?? (await this.#first());
  }

  /** Every certificate that is here; a machine of production has its own only. */
  async readable(): Promise<readonly Credentials[]> {
    const hosts = hostsOf(this.#plan.topology);
    const all = await Promise.allSettled(hosts.map(({ fqdn }) => this.of(fqdn)));
    return all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  }

  /** What is wrong with the certificate of a vantage point, for the evidence; empty when nothing is. */
  async defectOf(fqdn: string | undefined): Promise<string> {
    if (fqdn === undefined) return '';
    const { findings = [] } = await this.of(fqdn);
    return findings.map(({ message }) => message).join('; ');
  }

  async #first(): Promise<Credentials> {
    const [first] = await this.readable();
    if (first !== undefined) return first;
    const [host] = hostsOf(this.#plan.topology);
    if (host === undefined) throw new Error('a valid topology has a host');
    // Throws what is wrong with its files.
    return await this.of(host.fqdn);
  }

  /** Any host's view of the CA, for clients that present nothing but still check the server. */
  async authority(): Promise<string> {
    return (await this.any()).ca;
  }
}

/**
 * Proves every flow of the plan that opens a socket, each from every vantage point of its source
 * to every destination. `progress` is called as rows finish.
 *
 * @param plays leaves out the vantage points this process does not speak for; default: it speaks for all
 */
export async function proveRows(
  plan: Plan,
  flows: readonly Flow[],
  identities: Identities,
  progress: (proof: RowProof, of: number) => void,
  plays?: Plays,
): Promise<readonly RowProof[]> {
  const chosen =
    plays === undefined
      ? flows
      : flows.filter((flow) => vantagesOf(plan, flow, '').some((each) => plays(flow, each)));
  const queue = chosen.entries();
  const proofs: RowProof[] = [];
  const worker = async (): Promise<void> => {
    for (const [index, flow] of queue) {
      const proof = judge(flow, await probeFlow(plan, flow, identities, plays));
      proofs[index] = proof;
      progress(proof, chosen.length);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return proofs;
}

async function probeFlow(
  plan: Plan,
  flow: Flow,
  identities: Identities,
  plays: Plays | undefined,
): Promise<readonly ProbeResult[]> {
  const results: ProbeResult[] = [];
  for (const vantage of vantagesOf(plan, flow, (await identities.any()).fqdn)) {
    if (plays?.(flow, vantage) === false) continue;
    for (const goal of goalsOf(plan, flow)) {
      // Servers of one row talk with each other, none with itself; and each in its own family.
      if (goal.address === vantage.address || !canTalk(vantage, goal)) continue;
      results.push(await probe(plan, flow, vantage, goal, identities));
    }
  }
  return results;
}

async function probe(
  plan: Plan,
  flow: Flow,
  vantage: Vantage,
  goal: Goal,
  identities: Identities,
): Promise<ProbeResult> {
  const begun = performance.now();
  let connection: Connection | undefined;
  const opened = (socket: Socket): void => {
    const { localAddress: source, localPort: sourcePort } = socket;
    if (source === undefined || sourcePort === undefined) return;
    connection = { source, sourcePort };
  };
  const result = (verdict: ProbeResult['verdict'], evidence: string): ProbeResult => ({
    from: vantage.name,
    to: `${goal.name} (${goal.address}:${goal.port})`,
    verdict,
    evidence,
    took: performance.now() - begun,
    goal: { address: goal.address, port: goal.port },
    ...(connection === undefined ? {} : { connection }),
  });
  if (vantage.address !== undefined && !isLocal(vantage.address)) {
    return result(
      'rejected',
      `not probed: ${vantage.address} is not on this machine; run it there`,
    );
  }
  try {
    return result('open', await converse(plan, flow, vantage, goal, identities, opened));
  } catch (error) {
    if (error instanceof ProbeFailure) {
      const own = await identities.defectOf(vantage.identity);
      return result(error.verdict, own === '' ? error.message : `${error.message}; ${own}`);
    }
    // A vantage point whose certificate cannot be read fails its rows, not the whole proof.
    if (error instanceof UsherError) return result('rejected', messageOf(error));
    throw error;
  }
}

/** Connects and asks in the row's own protocol; resolves with what was seen. */
async function converse(
  plan: Plan,
  flow: Flow,
  vantage: Vantage,
  goal: Goal,
  identities: Identities,
  opened: (socket: Socket) => void,
): Promise<string> {
  const dial = async (target: Goal): Promise<Socket> => {
    const socket = await open(flow, vantage, target, identities);
    opened(socket);
    return socket;
  };
  switch (flow.application) {
    case 'SIP': {
      const socket = await dial(goal);
      const sentBy = `${vantage.identity ?? 'probe.invalid'}:${goal.port}`;
      const response = await askSip(socket, `sip:${goal.name}`, sentBy);
      const seen = `OPTIONS → ${response.status} ${response.reason}`;
      if (response.status === 200) return seen;
      throw new ProbeFailure('wrongAnswer', `${seen}, 200 expected`);
    }
    case 'HTTP':
    case 'HTTPS': {
      const { host, path, location } = question(plan, flow, goal);
      const socket = await dial({ ...goal, name: host });
      const answer = await askHttp(socket, host, path);
      const seen = `GET ${path} → ${answer.status}`;
      if (answer.status !== 200) throw new ProbeFailure('wrongAnswer', `${seen}, 200 expected`);
      if (location !== undefined && !answer.body.includes(`"AccessLocation":"${location}"`)) {
        throw new ProbeFailure('wrongAnswer', `${seen}, but not the ${location} answer`);
      }
      return seen;
    }
    case 'peers': {
      const seen = await askPeer(await dial(goal), goal.name);
      // It knows its own name and does not know ours: a peer that was let in is told to go.
      if (seen === '504') return 'hello → 504, a peer of another name';
      throw new ProbeFailure('wrongAnswer', `hello → ${seen}, 504 expected`);
    }
    case 'CLS': {
      const socket = await dial(goal);
      const { path, body } = agentQuestion(flow);
      const answer = await askHttp(socket, goal.name, path, body);
      const seen = `${body === undefined ? 'GET' : 'POST'} ${path} → ${answer.status}`;
      if (answer.status !== 200) throw new ProbeFailure('wrongAnswer', `${seen}, 200 expected`);
      return seen;
    }
  }
}

async function open(
  flow: Flow,
  vantage: Vantage,
  goal: Goal,
  identities: Identities,
): Promise<Socket> {
  if (flow.security === 'none') return dialTcp(goal.address, goal.port, vantage.address);
  const credentials =
    flow.security === 'MTLS' && vantage.identity !== undefined
      ? await identities.of(vantage.identity)
      : undefined;
  const ca = credentials?.ca ?? (await identities.authority());
  const { address, port, name } = goal;
  return dialTls(
    clientTls(
      credentials,
      { address, port, name },
      {
        ca,
        ...(vantage.address === undefined ? {} : { localAddress: vantage.address }),
      },
    ),
  );
}

/** What to ask a web row for: the health check of the reference, the Autodiscover root. */
function question(
  plan: Plan,
  flow: Flow,
  goal: Goal,
): { host: string; path: string; location: 'Internal' | 'External' | undefined } {
  const pool = goal.pool === undefined ? undefined : findPool(plan.topology, goal.pool);
  switch (flow.service) {
    case 'interServer':
      return { host: goal.name, path: '/interserver/v1/health', location: undefined };
    case 'webInternal':
    case 'webInternalPlain':
      return {
        host: pool?.web.internal ?? goal.name,
        path: autodiscoverRoot,
        location: 'Internal',
      };
    case 'webExternal':
    case 'webExternalPlain':
      return {
        host: pool?.web.external ?? goal.name,
        path: autodiscoverRoot,
        location: 'External',
      };
    default: {
      // What the reverse proxy publishes it knows by name only: the one remote clients start with.
      const host = `lyncdiscover.${primarySipDomain(plan.topology)}`;
      return { host, path: autodiscoverRoot, location: 'External' };
    }
  }
}

/** What to ask a log agent: something harmless in the protocol of each of its three sockets. */
function agentQuestion(flow: Flow): { path: string; body: string | undefined } {
  switch (flow.service) {
    case 'logControl':
      return { path: agentPaths.flush, body: '{}' };
    case 'logTransfer':
      return { path: agentPaths.search, body: '{"limit":1}' };
    default:
      return { path: agentPaths.status, body: undefined };
  }
}
