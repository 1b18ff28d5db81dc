export { askHost } from './control/client.ts';
export { controlPath, drainLimit, type ControlRequest } from './control/protocol.ts';
export { isHostStatus, type HostStatus } from './control/status.ts';
export { Deployment, type DeploymentOptions, type HostStep } from './deployment.ts';
export { hostLog, type Logger } from './log.ts';
export { usersFile } from './parts.ts';
export { HostRuntime, type HostRuntimeOptions } from './runtime.ts';
export { drainDeadline, type Served } from './supervised.ts';
export { replacedWorkers, WorkerPool, workersFor } from './worker-pool.ts';
