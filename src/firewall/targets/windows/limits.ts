/** What we put into one rule; Windows takes more, its console does not show it. */
export const limits = {
  addressesOfARule: 500,
  portsOfARule: 100,
} as const;

/** The group of our rules, by which all of them are removed at once. */
export const groupName = 'Usher';
