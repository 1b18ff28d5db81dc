import * as z from 'zod';
import type { Dump } from '#base';

const eventLoop = z.object({ highest: z.number(), stalls: z.number() });

const recorder = z.object({
  recorded: z.number(),
  dropped: z.number(),
  lost: z.number(),
  queued: z.number(),
  lastFailure: z.string().nullable(),
});

/** How one of the processes of a host is. */
export const processStatus = z.object({
  pid: z.number(),
  /** Seconds it runs. */
  uptime: z.number(),
  /** Bytes of it in memory. */
  residentMemory: z.number(),
  /**
   * Milliseconds of the longest delay of the event loop in the last minute, and in how many seconds
   * since the start there was one above 100; agents of before do not say.
   */
  eventLoop: eventLoop.optional(),
  recorder,
  /** What its role says about itself. */
  details: z.custom<Dump>((value) => value !== undefined),
});
export type ProcessStatus = z.infer<typeof processStatus>;
