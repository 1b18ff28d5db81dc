/** What FortiOS takes of a policy. */
export const limits = {
  nameLength: 35,
  descriptionLength: 1023,
  membersOfAList: 500,
  /** Identifiers of our own policies begin here, to stay clear of those there are. */
  firstPolicy: 100_001,
} as const;
