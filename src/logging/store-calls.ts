import type { Batch } from './batch.ts';
import type { SearchCriteria } from './criteria.ts';
import type { LogRecord } from './record.ts';
import type { RecordingPolicy } from './policy.ts';
import type { Positions, StoreLimits, StoreStatus } from './store.ts';

/* What crosses between a process and its store's thread. */

/** Given to the thread when it starts. */
export interface StoreSetup {
  readonly directory: string;
  readonly host: string;
  readonly limits: StoreLimits;
}

/** A piece of a search. */
export interface SearchPage {
  readonly records: readonly LogRecord[];
  readonly done: boolean;
  readonly truncated: boolean;
  readonly damaged: readonly string[];
  readonly positions: Positions;
}

/** What the thread can be asked. */
export type StoreCall =
  | {
      readonly name: 'append';
      readonly batch: Batch;
      readonly policy: RecordingPolicy;
    }
  | {
      readonly name: 'search';
      readonly criteria: SearchCriteria;
      readonly after: Positions | undefined;
    }
  | { readonly name: 'next'; readonly search: number; readonly count: number }
  | { readonly name: 'endSearch'; readonly search: number }
  | { readonly name: 'positions' | 'flush' | 'status' | 'close' };

export type StoreAsk = StoreCall & { readonly id: number };

/** What comes back; `ready` once, before anything else. */
export type StoreReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly message: string };

/* Both ends are the same program: the checks below only tell the kinds of answer apart. */

function has(value: unknown, property: string): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && property in value;
}

export function isSetup(value: unknown): value is StoreSetup {
  return has(value, 'directory') && has(value, 'host') && has(value, 'limits');
}

export function isNothing(value: unknown): value is null {
  return value === null;
}

export function isSearchNumber(value: unknown): value is number {
  return typeof value === 'number';
}

export function isPage(value: unknown): value is SearchPage {
  return has(value, 'records') && Array.isArray(value['records']) && has(value, 'positions');
}

export function isPositions(value: unknown): value is Positions {
  return typeof value === 'object' && value !== null;
}

export function isStatus(value: unknown): value is StoreStatus {
  return has(value, 'segments') && typeof value['segments'] === 'number' && has(value, 'bytes');
}
