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

/** The type of a group, and the version of the interface that describes it. */
export const groupType = 'Microsoft.Network/networkSecurityGroups';
export const apiVersion = '2023-11-01';
