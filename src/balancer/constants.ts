import type { FailureCause } from './policy/health.ts';

/**
 * Every number of the balancer that the topology does not hold, with its unit and its reason.
 * `docs/balancer.md` repeats them for operators.
 */

/** Probes start this much of the interval apart at least, so that members are not hit in step. */
export const jitterFloor = 0.8;

/**
 * A probe may take this share of the interval; the next one never meets an unfinished one. The first
 * failed probe of a member is repeated at once, so that even a silent death is confirmed after
 * 1 + 0.4 + 0.4 intervals.
 */
export const probeTimeoutShare = 0.4;

/** Longest a probe may take, milliseconds; with long intervals a dead member still shows soon. */
export const probeTimeoutLimit = 5000;

/**
 * A member that never answered yet is probed at this share of the interval, so that a deployment
 * coming up does not wait for whole intervals …
 */
export const eagerShare = 0.125;

/** … this many times; after that it is dead rather than starting, and gets the usual interval. */
export const eagerProbes = 40;

/** Client addresses remembered per pool; about 150 bytes each. Full: the oldest is forgotten. */
export const affinityCapacity = 100_000;

/** Share of its connections a member returns with; `balancing.slowStart` says until when it grows. */
export const slowStartFloor = 0.1;

/**
 * Failures after which, once confirmed by a second signal, the sessions of the member are reset on
 * both sides, so that clients reconnect at once instead of waiting for a silent peer. `refused` and
 * `reset` are not among them: they prove that the member's kernel lives, which resets the connections
 * of a dead process by itself; what is still connected then belongs to a process that closed its
 * listener to drain.
 */
export const resettingCauses: ReadonlySet<FailureCause> = new Set([
  'unreachable',
  'timeout',
  'tls',
  'identity',
  'protocol',
]);

/** Milliseconds an orderly stop waits at most for the other balancer of the pair to take the VIPs over. */
export const handOverTime = 5000;

/** Limits of the embedded engine; every one is a defence, and every refusal is counted. */
export interface EngineLimits {
  /** Connections held at once over all services. Each needs two sockets and one source port. */
  readonly connections: number;
  /** Connections held at once from one source (`sourceOf`) that is not a host of the topology. */
  readonly connectionsPerSource: number;
  /** Milliseconds a client may stay silent before its first byte. */
  readonly firstByte: number;
  /** Milliseconds a member may take to accept. */
  readonly connect: number;
  /** Milliseconds without traffic after which a session ends that one side has finished. */
  readonly halfClosed: number;
}

/**
 * 20,000 connections stay below the 28,000 source ports Linux gives one address by default
 * (`net.ipv4.ip_local_port_range`). All Usher services speak client first, so ten seconds of
 * silence are no client. The connect limit lets a lost SYN be sent again (1 s) and arrive.
 */
export const engineLimits: EngineLimits = {
  connections: 20_000,
  connectionsPerSource: 1000,
  firstByte: 10_000,
  connect: 1500,
  halfClosed: 60_000,
};

/**
 * Share of all connections that clients other than hosts of the topology may take. What is left keeps
 * the Edge and the reverse proxy going while the clients of one network use up the rest.
 */
export const strangersShare = 0.9;

/** Milliseconds of silence before the kernel asks whether a peer is still there. */
export const keepAliveDelay = 60_000;

/** Connections waiting to be accepted; the kernel caps it at `net.core.somaxconn`. */
export const backlog = 4096;
