export { Deployment, type DeploymentOptions, type HostStep } from './deployment.ts';
export { hostLog, type Logger } from './log.ts';
export { usersFile } from './parts.ts';
export { HostRuntime, type HostRuntimeOptions } from './runtime.ts';
export { isSupervised, runSupervised, type Served } from './supervised.ts';
export { WorkerPool, workersFor } from './worker-pool.ts';
