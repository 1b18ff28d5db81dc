/** What Junos takes of a security policy. */
export const limits = {
  nameLength: 63,
  descriptionLength: 255,
  membersOfAList: 1000,
} as const;
