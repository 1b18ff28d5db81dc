import type { LoadBalancing } from './model.ts';

/** The few facts a first topology needs; everything else follows or has a default. */
export interface StarterFacts {
  /** Domain of the users, e.g. `contoso.com`. */
  readonly sipDomain: string;
  /** Domain of the servers, e.g. `contoso.net`. */
  readonly serverDomain: string;
  /** How the load is spread over the Directors. */
  readonly balancing: LoadBalancing;
  /** 1 to 10. */
  readonly directors: number;
  /** 1 to 12. */
  readonly frontEnds: number;
  /** IPv4 block of /16 or larger; servers get addresses in its first /16. */
  readonly inside: string;
  /** IPv4 block of /24 or larger; the outside interfaces get addresses in its first /24. */
  readonly outside: string;
  /** Block of the internal clients. */
  readonly clients: string;
  /** Block of the administrators. */
  readonly administration: string;
}

/** What `usher init` proposes: loopback addresses, so that `usher up` runs the result at once. */
export const starterDefaults: StarterFacts = {
  sipDomain: 'contoso.com',
  serverDomain: 'contoso.net',
  balancing: 'hardware',
  directors: 2,
  frontEnds: 2,
  inside: '127.10.0.0/16',
  outside: '127.20.0.0/24',
  clients: '127.30.0.0/16',
  administration: '127.40.0.0/24',
};
