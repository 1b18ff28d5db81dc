/** What pf takes. */
export const limits = {
  /** Characters of a label; pf.h has 64 with the closing NUL. */
  labelLength: 63,
  /** Addresses of a list; more become a table. */
  addressesOfAList: 8,
} as const;
