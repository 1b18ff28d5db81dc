import type { Level } from './level.ts';
import type { HeadFields } from './record.ts';

/* What the store's thread has to know of scenarios; without zod, which would double its start. */

/** Which bodies a scenario keeps: none; all but text messages; text messages as well. */
export const bodyPolicies = ['none', 'signalling', 'all'] as const;
export type Bodies = (typeof bodyPolicies)[number];

/** What all running scenarios together ask of the recorder; null: record nothing. */
export interface RecordingPolicy {
  readonly level: Level;
  readonly bodies: readonly { readonly bodies: Bodies; readonly uri: string | null }[];
}

/** True for a body that holds what people write to each other. */
function isConversation(fields: HeadFields): boolean {
  return (
    fields.method === 'MESSAGE' ||
    fields.contentType.startsWith('text/') ||
    fields.contentType.startsWith('message/cpim')
  );
}

/** Whether some wish covers this message. */
export function bodyWanted(policy: RecordingPolicy, fields: HeadFields): boolean {
  return policy.bodies.some(
    (wish) =>
      (wish.bodies === 'all' || !isConversation(fields)) &&
      (wish.uri === null || wish.uri === fields.from || wish.uri === fields.to),
  );
}
