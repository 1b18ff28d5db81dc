export { audit, onlyIn } from './audit.ts';
export type { Audit, Finding } from './audit.ts';
export { admits, compare } from './compare.ts';
export type { Reading, Region, Side } from './compare.ts';
export type { Shadowed } from './shadows.ts';
export { differenceReport, packetFields, report } from './report.ts';
export type { AuditReport, DifferenceReport, PacketFields, RuleName } from './report.ts';
export { packetOf } from './space.ts';
export type { Packet } from './space.ts';
