import { escapeMarkup } from '#base';
import type { Party } from '#ports';
import type { Conversation } from './conversation.ts';
import type { DeviceFinding, DeviceProof, Packet, PairsProof } from './device.ts';
import { holds, type Proof, type RowProof } from './verdict.ts';

/** One row of `usher verify --json`. */
export interface RowReport {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly verdict: string;
  readonly evidence: string;
}

/** What `usher verify --json` prints: the stable contract of the command line. */
export interface ProofReport {
  /** The same verdict as the exit status. */
  readonly ok: boolean;
  readonly rows: readonly RowReport[];
  readonly refused: readonly {
    readonly rows: readonly string[];
    readonly to: string;
    readonly presented: string;
    readonly refused: boolean;
    readonly evidence: string;
  }[];
  readonly closed: {
    readonly probed: number;
    readonly unexpectedlyOpen: readonly {
      readonly protocol: string;
      readonly address: string;
      readonly port: number;
      readonly evidence: string;
    }[];
    readonly remarks: readonly string[];
  };
  /** What each device lets pass; null outside a lab. */
  readonly devices: readonly DeviceProof[] | null;
  /** Every port between any two; null when it was not asked for. */
  readonly pairs: PairsProof | null;
  /** Null where there are no demo users to let meet. */
  readonly conversation: Conversation | null;
}

/**
 * The proof as plain data.
 *
 * @param conversation what became of the demo users' message; absent where there are no demo users
 */
export function toReport(proof: Proof, conversation: Conversation | undefined): ProofReport {
  return {
    ok: holds(proof) && conversation?.ok !== false,
    rows: proof.rows.map((row) => ({
      id: row.flow.id,
      from: partyName(row.flow.source),
      to: partyName(row.flow.destination),
      port: row.flow.port,
      verdict: row.verdict,
      evidence: row.evidence,
    })),
    refused: proof.refusals.map(({ rows, to, presented, refused, evidence }) => ({
      rows,
      to,
      presented,
      refused,
      evidence,
    })),
    closed: { ...proof.closed, remarks: proof.closed.remarks.map(({ en }) => en) },
    devices: proof.devices ?? null,
    pairs: proof.pairs ?? null,
    conversation: conversation ?? null,
  };
}

/** `role (address, address)`, short enough for a table cell. */
export function partyName(party: Party): string {
  const side = party.interface === undefined ? '' : ` ${party.interface}`;
  const via = party.via === 'vip' ? ' VIP' : '';
  return `${party.role}${side}${via} (${party.addresses.join(', ')})`;
}

/**
 * The proof as JUnit XML: one test case a row, a refusal, the closure and the conversation; read by
 * every CI system.
 */
export function toJUnit(proof: Proof, conversation: Conversation | undefined): string {
  const cases = [
    ...proof.rows.map((row) =>
      testCase('row', rowTitle(row), row.verdict !== 'open', row.evidence),
    ),
    ...proof.refusals.map((refusal) =>
      testCase(
        'refusal',
        `${refusal.to} refuses ${refusal.presented} (${refusal.rows.join(', ')})`,
        !refusal.refused,
        refusal.evidence,
      ),
    ),
    testCase(
      'closure',
      'no socket without a flow',
      proof.closed.unexpectedlyOpen.length > 0,
      proof.closed.unexpectedlyOpen
        .map((socket) => `${socket.protocol} ${socket.address}:${socket.port} ${socket.evidence}`)
        .join('; '),
    ),
    ...(proof.devices ?? []).map(({ device, direction, probed, findings }) =>
      testCase(
        'device',
        `${device} (${direction}) lets pass what the table asks for and nothing else`,
        findings.length > 0,
        findings.length === 0 ? `${probed} packets` : findings.map(findingEvidence).join('; '),
      ),
    ),
    ...(proof.pairs === undefined
      ? []
      : [
          testCase(
            'pairs',
            `every port between ${proof.pairs.pairs} pairs of addresses as the table says`,
            proof.pairs.findings.length > 0,
            proof.pairs.findings
              .map(({ kind, row, packet }) => `${packetText(packet)} ${kind} ${row ?? ''}`.trim())
              .join('; '),
          ),
        ]),
    ...(conversation === undefined
      ? []
      : [
          testCase(
            'conversation',
            `${conversation.from} and ${conversation.to} meet ${conversation.inside === true ? 'inside' : 'through the Edge'}`,
            !conversation.ok,
            conversation.steps.join('; '),
          ),
        ]),
  ];
  const failures = cases.filter((each) => each.failed).length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites><testsuite name="usher verify" tests="${cases.length}" failures="${failures}">`,
    ...cases.map((each) => each.xml),
    '</testsuite></testsuites>',
    '',
  ].join('\n');
}

/** A packet in a sentence. */
export const packetText = ({ source, destination, protocol, port }: Packet): string =>
  `${protocol} ${source} → ${destination} port ${port}`;

/** A finding as one English sentence. */
export function findingEvidence({ kind, row, decided, packet, probes }: DeviceFinding): string {
  const what =
    kind === 'blocked'
      ? `${packetText(packet)} is dropped, ${row} asks for it`
      : `${packetText(packet)} is admitted, no row asks for it`;
  const by =
    decided === undefined
      ? 'the kernel does not tell by what'
      : decided.rule === 'policy'
        ? 'decided by no rule: the policy of the chain'
        : `decided by ${decided.comment}`;
  return `${what}; ${by}${probes === 1 ? '' : ` (${probes} probes alike)`}`;
}

function rowTitle({ flow }: RowProof): string {
  return `${flow.id} ${partyName(flow.source)} → ${partyName(flow.destination)} port ${flow.port}`;
}

function testCase(
  group: string,
  name: string,
  failed: boolean,
  evidence: string,
): { readonly failed: boolean; readonly xml: string } {
  const open = `<testcase classname="usher.${group}" name="${escapeMarkup(name)}">`;
  const body = failed
    ? `<failure message="${escapeMarkup(evidence)}"/>`
    : `<system-out>${escapeMarkup(evidence)}</system-out>`;
  return { failed, xml: `${open}${body}</testcase>` };
}
