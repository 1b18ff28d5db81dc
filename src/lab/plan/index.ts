export { hostsFile, resolvConf } from './hosts-file.ts';
export { markedPorts, marksAt, type Marks, type Way } from './marks.ts';
export { checkName, meant, namespaceOf, wire } from './names.ts';
export { networkOf, type LabNetwork, type Port, type Segment, type Station } from './network.ts';
export { renumbered } from './renumber.ts';
export { setupsOf, type Setup, type Setups } from './setup.ts';
export { Paths } from './path.ts';
