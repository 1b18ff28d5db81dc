import { remarkLength } from '../cisco/remarks.ts';

/** What an ASA takes of an access list. */
export const limits = {
  remarkLength,
  /** Members of one object group; larger ones are made of several. */
  membersOfAGroup: 1000,
} as const;
