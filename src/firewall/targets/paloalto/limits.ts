/** What PAN-OS takes of a security rule. */
export const limits = {
  nameLength: 63,
  descriptionLength: 1023,
  /** Far below the 65,535 members of a rule, for lines a terminal takes. */
  membersOfAList: 500,
} as const;
