import { z } from 'zod';
import { seconds, section, wholeNumber } from './file-values.ts';

const affinityOf = (service: string) =>
  z
    .enum(['none', 'source'])
    .meta({ description: `Affinity of the ${service}.` })
    .optional();

/** The section `balancing:` of a pool. */
export const balancing = section(
  {
    scheduling: z
      .enum(['leastConnections', 'roundRobin', 'maglev'])
      .meta({
        description:
          'Who gets a new connection. leastConnections (default, not with the nftables engine), roundRobin, or maglev (default of the nftables engine): a hash of the client that moves few clients when a member comes or goes.',
      })
      .optional(),
    slowStart: seconds(0, 900)
      .meta({
        description:
          'Seconds a member that returns takes to its full share; 0: at once. Default: 30.',
      })
      .optional(),
    connectionsPerMember: wholeNumber(1, 1_000_000, 'connections')
      .meta({
        description: 'Connections of one service a member holds at most. Default: no limit.',
      })
      .optional(),
    affinity: section(
      {
        webInternalPlain: affinityOf('internal web site without TLS. Default: source'),
        webInternal: affinityOf('internal web site with TLS. Default: source'),
        webExternalPlain: affinityOf('external web site without TLS. Default: none'),
        webExternal: affinityOf('external web site with TLS. Default: none'),
        interServer: affinityOf('inter-server service. Default: none'),
        sip: affinityOf('SIP service. Default: none'),
      },
      'source: one client address stays with one member; none: each connection is chosen anew.',
    ).optional(),
    affinityTime: seconds(1, 86_400)
      .meta({
        description: 'Seconds a client address stays with its member. Default: 1200.',
      })
      .optional(),
    onFailure: z
      .enum(['reset', 'keep'])
      .meta({
        description:
          'What becomes of the sessions of a member that has failed for certain. reset (default): cut, so that clients reconnect at once. keep: left to their own time-outs.',
      })
      .optional(),
  },
  'How connections are shared among the members.',
);
