import type { Topology } from '#topology';
import type { ControlAnswer, ControlRequest } from './control/protocol.ts';

/**
 * What a host process is to be. Its supervisor has read and checked the topology; the process is handed
 * the result, so that it neither reads the file again nor loads what reads it.
 */
export interface Assignment {
  readonly kind: 'assignment';
  readonly fqdn: string;
  readonly topology: Topology;
  readonly portOffset: number;
  readonly stateDirectory: string;
  /** How many processes the host has. */
  readonly workers: number;
  /** Which of them this one is; absent: the only one, or the one that starts the others. */
  readonly worker?: number;
}

/** What the supervisor tells a host process. */
export type Order =
  | { readonly kind: 'start' }
  | { readonly kind: 'reload' }
  | { readonly kind: 'drain'; readonly deadline: number }
  /** What an operator asks of the host. */
  | { readonly kind: 'control'; readonly request: ControlRequest }
  /** The supervisor goes, the host stays: from now on signals and its control socket are obeyed. */
  | { readonly kind: 'release' }
  | { readonly kind: 'close' };

/** What a host process tells its supervisor. */
export type Report =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'started' }
  | { readonly kind: 'drained' }
  | { readonly kind: 'released' }
  /** `ok` is false when the new certificates were no good and the old ones stay. */
  | { readonly kind: 'reloaded'; readonly ok: boolean }
  | { readonly kind: 'controlled'; readonly answer: ControlAnswer }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly remedy: string;
    };

/** True for the first message of a supervisor of this version. */
export function isAssignment(message: unknown): message is Assignment {
  return kindOf(message, ['assignment']);
}

/** True for a message this version understands; anything else on the channel is ignored. */
export function isOrder(message: unknown): message is Order {
  return kindOf(message, ['start', 'reload', 'drain', 'control', 'release', 'close']);
}

/** True for a message this version understands; anything else on the channel is ignored. */
export function isReport(message: unknown): message is Report {
  return kindOf(message, [
    'loaded',
    'started',
    'reloaded',
    'drained',
    'controlled',
    'released',
    'failed',
  ]);
}

function kindOf(message: unknown, kinds: readonly string[]): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    'kind' in message &&
    typeof message.kind === 'string' &&
    kinds.includes(message.kind)
  );
}
