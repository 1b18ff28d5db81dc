/** What Amazon EC2 takes of security groups without a raised quota. */
export const limits = {
  /** Rules of a direction and family in one group. */
  rulesOfAGroup: 60,
  /** Groups of one interface. */
  groupsOfAnInterface: 5,
  descriptionLength: 255,
} as const;
