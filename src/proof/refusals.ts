import { randomBytes } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import type { Flow, Plan } from '#ports';
import { buildRequest } from '#sip';
import { findHost, hostsOf, runsUsher } from '#topology';
import { createAuthority, issueCertificate, namesOf } from '#trust';
import { askHttp, askSip, askSipWith } from './ask.ts';
import { dialTls, ProbeFailure } from './dial.ts';
import type { Identities } from './rows.ts';
import { isLocal } from './vantage.ts';
import type { RefusalProof } from './verdict.ts';

/** A mutual-TLS socket as a stranger finds it. */
interface Door {
  readonly address: string;
  readonly port: number;
  /** Name to ask for in the TLS handshake. */
  readonly name: string;
  readonly flows: readonly Flow[];
  readonly trustedPeers: readonly string[];
  /** Users without a certificate may come in here too; they get no server's rights. */
  readonly shared: boolean;
  /** Software of another make may look only after the handshake whom a certificate names. */
  readonly foreign: boolean;
}

/** What one stranger shows at the door. */
interface Stranger {
  readonly presented: RefusalProof['presented'];
  readonly certificate?: { readonly key: string; readonly cert: string };
}

/** Statuses by which SIP tells a stranger that it has to prove who it is, or may not do this. */
const shownTheDoor: readonly number[] = [401, 403, 407];

/**
 * Proves that a peer without a trusted certificate is refused on every mutual-TLS socket: with no
 * certificate, with one from a foreign CA that bears the right names, and with a good one of a
 * host that no flow lets in here.
 *
 * @param here knocks only on sockets of this machine
 */
export async function proveRefusals(
  plan: Plan,
  identities: Identities,
  now: Date,
  here = false,
): Promise<readonly RefusalProof[]> {
  const foreign = await foreignCertificates(plan, now);
  const doors = doorsOf(plan).filter(({ address }) => !here || isLocal(address));
  const proofs = await Promise.all(
    doors.map(async (door) => {
      const found: RefusalProof[] = [];
      for (const stranger of await strangersFor(door, foreign, identities)) {
        found.push(await knock(door, stranger));
      }
      return found;
    }),
  );
  return proofs.flat();
}

function doorsOf(plan: Plan): readonly Door[] {
  const listeners = plan.listeners
    .filter((listener) => listener.security === 'MTLS')
    .map((listener): Door => {
      const { host, address, port, flows, trustedPeers, anonymousClients } = listener;
      const opener = findHost(plan.topology, host);
      const foreign = opener !== undefined && !runsUsher(opener);
      return { address, port, name: host, flows, trustedPeers, shared: anonymousClients, foreign };
    });
  const balanced = plan.virtualServices
    .filter((service) => service.flows.some((flow) => flow.security === 'MTLS'))
    .map((service): Door => {
      const { address, port, pool, flows, members } = service;
      const behind = plan.listeners.find(
        (listener) => listener.address === members[0]?.address && listener.port === port,
      );
      return {
        address,
        port,
        name: pool,
        flows,
        trustedPeers: behind?.trustedPeers ?? [],
        shared: behind?.anonymousClients ?? false,
        foreign: false,
      };
    });
  return [...listeners, ...balanced];
}

/** One certificate a host, all names right, signed by a CA nobody here trusts. */
async function foreignCertificates(
  plan: Plan,
  now: Date,
): Promise<ReadonlyMap<string, NonNullable<Stranger['certificate']>>> {
  const authority = await createAuthority('Foreign CA of the proof', now);
  const certificates = await Promise.all(
    hostsOf(plan.topology).map(async (host) => {
      const issued = await issueCertificate(authority, namesOf(plan.topology, host), now);
      return [host.fqdn, { key: issued.key, cert: issued.certificate }] as const;
    }),
  );
  return new Map(certificates);
}

async function strangersFor(
  door: Door,
  foreign: ReadonlyMap<string, NonNullable<Stranger['certificate']>>,
  identities: Identities,
): Promise<readonly Stranger[]> {
  const [peer = ''] = door.trustedPeers;
  const strangers: Stranger[] = [{ presented: 'no certificate' }];
  const forged = foreign.get(peer);
  if (forged !== undefined) strangers.push({ presented: 'foreign CA', certificate: forged });
  const known = await identities.readable();
  const outsider = known.find(({ fqdn }) => !door.trustedPeers.includes(fqdn));
  if (outsider !== undefined) {
    const { key, certificate } = outsider;
    strangers.push({
      presented: 'host without this flow',
      certificate: { key, cert: certificate },
    });
  }
  return strangers;
}

async function knock(door: Door, stranger: Stranger): Promise<RefusalProof> {
  const proof = (refused: boolean, evidence: string): RefusalProof => ({
    rows: door.flows.map((flow) => flow.id),
    to: `${door.name} (${door.address}:${door.port})`,
    presented: stranger.presented,
    refused,
    evidence,
  });
  try {
    const evidence = await insist(door, stranger);
    return proof(evidence.startsWith('shown the door'), evidence);
  } catch (error) {
    if (!(error instanceof ProbeFailure)) throw error;
    const refused = error.verdict === 'closedByPeer' || error.verdict === 'wrongIdentity';
    return proof(refused, error.message);
  }
}

/** Connects and asks for something only a trusted server gets; resolves with what came back. */
async function insist(door: Door, stranger: Stranger): Promise<string> {
  const options: ConnectionOptions = {
    host: door.address,
    port: door.port,
    servername: door.name,
    // The stranger trusts anybody: what is proven here is the door's judgement, not ours.
    rejectUnauthorized: false,
    ...stranger.certificate,
  };
  const socket = await dialTls(options);
  const [flow] = door.flows;
  if (flow?.application !== 'SIP') {
    const answer = await askHttp(socket, door.name, '/');
    return `admitted: GET / → ${answer.status}`;
  }
  const response = door.shared
    ? await askSipWith(socket, impersonation(door.name))
    : await askSip(socket, `sip:${door.name}`, 'stranger.invalid');
  const seen = `${response.status} ${response.reason}`;
  if (!shownTheDoor.includes(response.status)) return `admitted: ${seen}`;
  if (door.shared) return `shown the door as a user without rights: ${seen}`;
  return door.foreign ? `shown the door after the handshake: ${seen}` : `admitted: ${seen}`;
}

/** A MESSAGE that claims to come from a user a trusted server vouches for (RFC 3325). */
function impersonation(name: string): ReturnType<typeof buildRequest> {
  const id = randomBytes(9).toString('base64url');
  return buildRequest({
    method: 'MESSAGE',
    uri: `sip:nobody@${name}`,
    headers: [
      ['Via', `SIP/2.0/TLS stranger.invalid;branch=z9hG4bK${id};rport`],
      ['Max-Forwards', '70'],
      ['From', `<sip:nobody@${name}>;tag=${id}`],
      ['To', `<sip:nobody@${name}>`],
      ['Call-ID', `${id}@stranger.invalid`],
      ['CSeq', '1 MESSAGE'],
      ['P-Asserted-Identity', `<sip:nobody@${name}>`],
    ],
  });
}
