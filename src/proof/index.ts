export { proveClosure } from './closure.ts';
export type {
  DecidingRule,
  DeviceFinding,
  DeviceProof,
  Packet,
  PairFinding,
  PairsProof,
} from './device.ts';
export { converse, type Conversation } from './conversation.ts';
export { proveDns, recordsFor, type DnsRecord, type DomainProof } from './dns.ts';
export { findObstacles, obstacleError, type Obstacle } from './preflight.ts';
export { proveRefusals } from './refusals.ts';
export { packetText, toJUnit, toReport, type ProofReport, type RowReport } from './report.ts';
export { Identities, proveRows } from './rows.ts';
export { openSockets, type OpenSocket } from './sockets.ts';
export { sweep } from './sweep.ts';
export { playsHere, type Plays } from './vantage.ts';
export type { Account } from './user-agent.ts';
export {
  holds,
  judge,
  type ClosureProof,
  type Connection,
  type Proof,
  type ProbeResult,
  type RefusalProof,
  type RowProof,
  type UnexpectedSocket,
  type Verdict,
} from './verdict.ts';
