import type { Text } from '#base';
import type { Flow } from '#ports';
import type { DeviceProof, PairsProof } from './device.ts';

/** What a probe found at the far end of a flow. */
export type Verdict =
  /** Connected, identity proven, the row's own protocol answered. */
  | 'open'
  /** The address answers, but nobody listens there. */
  | 'noListener'
  /** A device on the way, or the far end's firewall, said no. */
  | 'rejected'
  /** No answer at all within the time given. */
  | 'dropped'
  /** Connected, but the host it should have been saw nothing of it: somebody else answered. */
  | 'elsewhere'
  /** Somebody answers whose certificate is not the one the topology names. */
  | 'wrongIdentity'
  /** The far end refused us after the connection stood. */
  | 'closedByPeer'
  /** The right peer, but not the answer the row's protocol asks for. */
  | 'wrongAnswer';

/** One probe: from one source address to one destination socket. */
export interface ProbeResult {
  /** FQDN of the vantage point, or the kind of client played. */
  readonly from: string;
  /** `address:port` probed, with the host's name when it has one. */
  readonly to: string;
  readonly verdict: Verdict;
  /** What was seen, as one English sentence. */
  readonly evidence: string;
  /** Milliseconds from connect to answer. */
  readonly took: number;
  readonly goal: { readonly address: string; readonly port: number };
  /** The sender's end of the connection; absent when none came about. */
  readonly connection?: Connection;
}

/** Where a connection came from. */
export interface Connection {
  readonly source: string;
  readonly sourcePort: number;
}

/** The verdict over a whole row: open only when every probe of it found it open. */
export interface RowProof {
  readonly flow: Flow;
  readonly verdict: Verdict;
  readonly evidence: string;
  readonly probes: readonly ProbeResult[];
}

/** A peer that must not get in, and whether it did. */
export interface RefusalProof {
  /** Row ids of the socket. */
  readonly rows: readonly string[];
  readonly to: string;
  /** What the peer presented. */
  readonly presented: 'no certificate' | 'foreign CA' | 'host without this flow';
  readonly refused: boolean;
  readonly evidence: string;
}

/** A socket on an address of the deployment that no flow asks for. */
export interface UnexpectedSocket {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly evidence: string;
}

/** What the closure proof looked at and found. */
export interface ClosureProof {
  /** How many sockets or ports were looked at; 0 when the machine offers no way to look. */
  readonly probed: number;
  readonly unexpectedlyOpen: readonly UnexpectedSocket[];
  /** Things a reader should know, e.g. programs of the machine that listen on every address. */
  readonly remarks: readonly Text[];
}

/** Everything `usher verify` knows at its end. */
export interface Proof {
  readonly rows: readonly RowProof[];
  readonly refusals: readonly RefusalProof[];
  readonly closed: ClosureProof;
  /** What each device lets pass; in a lab only. */
  readonly devices?: readonly DeviceProof[];
  /** Every port between any two; when it was asked for. */
  readonly pairs?: PairsProof;
}

/** True when every row is open, everything else closed and every wrong peer refused. */
export function holds(proof: Proof): boolean {
  return (
    proof.rows.every((row) => row.verdict === 'open') &&
    proof.refusals.every((refusal) => refusal.refused) &&
    proof.closed.unexpectedlyOpen.length === 0 &&
    (proof.devices ?? []).every(({ findings }) => findings.length === 0) &&
    (proof.pairs?.findings ?? []).length === 0
  );
}

/** Folds probes into the row's verdict: the first that is not open speaks for the row. */
export function judge(flow: Flow, probes: readonly ProbeResult[]): RowProof {
  const failed = probes.filter((probe) => probe.verdict !== 'open');
  const [first] = failed;
  if (first === undefined) {
    const slowest = Math.max(0, ...probes.map((probe) => probe.took));
    const [some] = probes;
    const evidence =
      some === undefined
        ? 'no source of this row is on this deployment'
        : `${some.evidence} (${probes.length} of ${probes.length} probes, slowest ${Math.round(slowest)} ms)`;
    return { flow, verdict: 'open', evidence, probes };
  }
  const share = probes.length === 1 ? '' : ` (${failed.length} of ${probes.length} probes failed)`;
  const evidence = `${first.from} → ${first.to}: ${first.evidence}${share}`;
  return { flow, verdict: first.verdict, evidence, probes };
}
