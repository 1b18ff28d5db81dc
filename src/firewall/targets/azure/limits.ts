/** What Azure Resource Manager takes of a network security group. */
export const limits = {
  rulesOfAGroup: 1000,
  addressesAndPortsOfAGroup: 4000,
  /** One character less than it takes. */
  nameLength: 79,
  descriptionLength: 140,
  lowestPriority: 100,
  highestPriority: 4096,
} as const;
