export { decide, ProbeGrid, type Decision, type Probe } from './grid.ts';
