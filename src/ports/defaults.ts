import type { Service } from '#topology';

/** The documented port of every service: the only place of the program that knows port numbers. */
export const defaultPorts: Readonly<Record<Service, number>> = {
  webInternalPlain: 80,
  webInternal: 443,
  webExternalPlain: 8080,
  webExternal: 4443,
  interServer: 444,
  sip: 5061,
  accessEdge: 443,
  accessEdgeAlternate: 5061,
  publishedPlain: 80,
  published: 443,
  logControl: 50_001,
  logStatus: 50_002,
  logTransfer: 50_003,
  affinityExchange: 1024,
};

/** The highest port TCP has. */
export const highestPort = 65_535;

/** Where SIP over TLS is, when nobody says otherwise (RFC 3261 19.1.2). */
export const sipsPort = defaultPorts.sip;
