export { runIn } from './exec.ts';
export {
  labTopology,
  makeRoom,
  openLab,
  requireLab,
  startLab,
  stopLab,
  type LabOptions,
  type LabStep,
} from './lab.ts';
export { checkName, meant, namespaceOf, networkOf } from './plan/index.ts';
export { meetInLab } from './proof/meet.ts';
export { proveLab, type ProveOptions } from './proof/prove.ts';
export type { LabRecord } from './record.ts';
export { labStatus, type StationStatus } from './status.ts';
