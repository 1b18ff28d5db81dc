/** What the API server takes of a NetworkPolicy. */
export const limits = {
  /** A name in the sense of RFC 1123, as that of most objects. */
  nameLength: 253,
  labelLength: 63,
  /** No limit of its own; far within the size of an object. */
  peersOfAPolicy: 1000,
  reasonLength: 1000,
} as const;

/** What tells the pod of a host, and our own policies. */
export const keys = {
  host: 'usher/host',
  address: 'usher/address',
  row: 'usher/row',
  reason: 'usher/reason',
} as const;
