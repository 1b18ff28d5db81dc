import * as z from 'zod';
import { levels } from './level.ts';

/** The most records one search may return per host. */
export const largestLimit = 100_000;

/** What to look for. Times and level bound the search in any case; the other criteria must match all or any. */
export const searchCriteria = z.strictObject({
  callIds: z.array(z.string().min(1).max(1024)).max(64).default([]),
  /** Address-of-record, or only its user part. */
  uri: z.string().min(1).max(512).optional(),
  /** An address literal: either end of the connection. */
  ip: z.union([z.ipv4(), z.ipv6()]).optional(),
  /** Part of the head or of a stored body, in any case (ASCII letters). */
  text: z.string().min(1).max(1024).optional(),
  /** Requests of this method and the responses to them. */
  method: z.string().min(1).max(64).optional(),
  /** `404` or `4xx`. */
  status: z
    .string()
    .regex(/^[1-6](?:\d\d|xx)$/, 'a status such as 404 or 4xx')
    .optional(),
  /** The least grave level wanted. */
  level: z.enum(levels).optional(),
  /** Milliseconds since the epoch, inclusive. */
  since: z.number().optional(),
  /** Milliseconds since the epoch, exclusive. */
  until: z.number().optional(),
  match: z.enum(['all', 'any']).default('all'),
  /** Records per host, oldest first. */
  limit: z.int().min(1).max(largestLimit).default(10_000),
});

export type SearchCriteria = z.infer<typeof searchCriteria>;
export type SearchRequest = z.input<typeof searchCriteria>;
