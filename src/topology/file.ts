import { z } from 'zod';
import { address, addressCodes, network, networks } from './file-addresses.ts';
import { balancing } from './file-balancing.ts';
import { policyCodes, siteFlow } from './file-policy.ts';
import { requestsPerSecond, seconds, section } from './file-values.ts';
import type { Service } from './model.ts';

/*
 * The schema of the topology file: the one source of its validation, its types and the JSON Schema
 * editors read. The message of a check says what is allowed; `description` says what it is for.
 */

const allowed = {
  fqdn: 'a full host name such as dir01.contoso.net',
  domain: 'a domain such as contoso.com',
  port: 'a whole number from 1 to 65535',
  text: 'some text',
  yesOrNo: 'true or false',
} as const;

/** Stable fault codes of the basic kinds of values, by what they allow. */
export const codesOfAllowed: ReadonlyMap<string, string> = new Map([
  [allowed.fqdn, 'bad-host-name'],
  [allowed.domain, 'bad-domain'],
  [allowed.port, 'bad-port'],
  ...addressCodes,
  ...policyCodes,
]);

const fqdnPattern =
  /^(?=.{1,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/u;

/** True for a full host or domain name: at least two labels, letters, digits and hyphens. */
export function isHostName(text: string): boolean {
  return fqdnPattern.test(text);
}

const fqdn = z
  .string({ error: allowed.fqdn })
  .regex(fqdnPattern, { error: allowed.fqdn })
  .toLowerCase();

const domain = z
  .string({ error: allowed.domain })
  .regex(fqdnPattern, { error: allowed.domain })
  .toLowerCase();

const port = z
  .int({ error: allowed.port })
  .min(1, { error: allowed.port })
  .max(65_535, { error: allowed.port });

const path = z.string({ error: allowed.text }).min(1, { error: allowed.text });

function list<Element extends z.ZodType>(element: Element, what: string) {
  return z.array(element, { error: `a list of ${what}` });
}

function atLeastOne<Element extends z.ZodType>(element: Element, what: string) {
  const error = `a list of at least one ${what}`;
  return z.array(element, { error }).min(1, { error });
}

const yesOrNo = z.boolean({ error: allowed.yesOrNo });

const member = section(
  {
    fqdn: fqdn.meta({ description: 'Its own full host name; named in its certificate.' }),
    address: address.meta({
      description:
        'Its address, or a list of its IPv4 and its IPv6 address: every socket of it is opened on each.',
    }),
    software: z
      .enum(['usher', 'other'])
      .meta({
        description:
          'usher (default), or other: a Front End of another make, such as Kamailio, which speaks SIP with the servers and has no web, inter-server or logging services.',
      })
      .optional(),
  },
  'One server of the pool.',
);

const web = section(
  {
    internal: fqdn.meta({
      description:
        'Name of the internal web site. A pool balanced by DNS needs one that differs from the pool name.',
    }),
    external: fqdn.meta({
      description: 'Name of the external web site, unique to this pool.',
    }),
  },
  'Host names of the two web sites of the pool.',
);

const pool = section(
  {
    fqdn: fqdn.meta({ description: 'Name of the pool, the name its members answer to.' }),
    role: z.enum(['director', 'frontEnd']).meta({ description: 'What the members do.' }),
    loadBalancing: z.enum(['none', 'dns', 'hardware']).meta({
      description:
        'none: one server. dns: SIP is spread over the members, the web services use the VIP. hardware: everything but log collection enters at the VIP.',
    }),
    network: networks
      .meta({
        description:
          'Block every member and the VIP lie in, or one of each family; checked when given.',
      })
      .optional(),
    vip: address
      .meta({
        description:
          'Virtual address the load balancer serves for the pool, or one of each family; members and balancer need an address of each of them.',
      })
      .optional(),
    balancer: fqdn
      .meta({ description: 'The host under `balancers` that serves the VIP.' })
      .optional(),
    standby: fqdn
      .meta({
        description:
          'The host under `balancers` that takes the VIP over when `balancer` fails (VRRP); engines nftables and haproxy only.',
      })
      .optional(),
    nat: z
      .enum(['source', 'destination'])
      .meta({
        description:
          'source (default): members see the balancer as the client. destination: members see the client; nftables engine only.',
      })
      .optional(),
    engine: z
      .enum(['embedded', 'nftables', 'haproxy'])
      .meta({ description: 'What serves the VIP. Default: embedded.' })
      .optional(),
    balancing: balancing.optional(),
    backupPool: fqdn
      .meta({ description: 'Front End pool that takes over when this one is down.' })
      .optional(),
    web,
    members: atLeastOne(member, 'server').meta({ description: 'The servers, in order.' }),
  },
  'Several servers of one role that answer to one name.',
);

const edge = section(
  {
    fqdn: fqdn.meta({ description: 'Its name on the inside.' }),
    address: address.meta({ description: 'Its inside address, or one of each family.' }),
    nextHop: fqdn.meta({
      description:
        'The pool that receives what remote users send: the Director pool, or a Front End pool where there is no Director.',
    }),
    external: section(
      {
        address: address.meta({ description: 'Its outside address, or one of each family.' }),
        fqdns: atLeastOne(fqdn, 'host name').meta({
          description: 'Names remote users know it by; the first is the one it writes.',
        }),
      },
      'The outside interface.',
    ),
  },
  'An Edge server.',
);

const reverseProxy = section(
  {
    fqdn: fqdn.meta({ description: 'Its name on the inside.' }),
    address: address.meta({ description: 'Its inside address, or one of each family.' }),
    external: section(
      {
        address: address.meta({ description: 'Its outside address, or one of each family.' }),
        fqdns: list(fqdn, 'host names')
          .meta({
            description:
              'Further names in its certificate; the external web names and simple URLs are there already.',
          })
          .optional(),
      },
      'The outside interface.',
    ),
  },
  'A reverse proxy.',
);

const balancer = section(
  {
    fqdn: fqdn.meta({ description: 'Its full host name.' }),
    address: address.meta({
      description:
        'Its own address, or one of each family: where health probes and source NAT come from.',
    }),
  },
  'A load balancer.',
);

const trustedPeer = section(
  {
    fqdn: fqdn.meta({ description: 'Its full host name; its certificate has to name it.' }),
    address: address.meta({
      description: 'Its address, or one of each family: where its connections come from.',
    }),
    rate: requestsPerSecond()
      .meta({
        description:
          'Requests a second each process of a Director takes from it. Default: no limit.',
      })
      .optional(),
  },
  'A SIP server of another make, such as a gateway or an application, that says who its users are and is believed.',
);

const portOf = (description: string) => port.meta({ description }).optional();

const portOverrides = section(
  {
    webInternalPlain: portOf('Internal web site without TLS, Directors and Front Ends.'),
    webInternal: portOf('Internal web site with TLS, Directors and Front Ends.'),
    webExternalPlain: portOf('External web site without TLS, where the reverse proxy connects.'),
    webExternal: portOf('External web site with TLS, where the reverse proxy connects.'),
    interServer: portOf('Service between Directors and Front Ends.'),
    sip: portOf('SIP on Directors, Front Ends and the inside of Edges.'),
    accessEdge: portOf('SIP for remote users on the outside of Edges.'),
    accessEdgeAlternate: portOf('Second SIP port for remote users on the outside of Edges.'),
    publishedPlain: portOf('Plain HTTP on the outside of reverse proxies.'),
    published: portOf('HTTPS on the outside of reverse proxies.'),
    logControl: portOf('Commands to logging agents.'),
    logStatus: portOf('Status of logging agents.'),
    logTransfer: portOf('Search and transfer of logs.'),
    affinityExchange: portOf('Affinity, from one HAProxy of a pair of balancers to the other.'),
  } satisfies Record<Service, z.ZodType>,
  'Ports that differ from the documented ones; every list, rule and probe follows.',
);

/** The topology file, as zod checks it. */
export const topologyFile = section(
  {
    name: z
      .string({ error: allowed.text })
      .min(1, { error: allowed.text })
      .meta({ description: 'Name of the deployment, for titles. Default: the first SIP domain.' })
      .optional(),
    sipDomains: atLeastOne(domain, 'SIP domain').meta({
      description: 'Domains of the users; the first is the primary one.',
    }),
    networks: section(
      {
        internalClients: atLeastOne(network, 'network').meta({
          description: 'Blocks internal clients live in.',
        }),
        administration: list(network, 'networks')
          .meta({ description: 'Blocks administrators live in.' })
          .optional(),
      },
      'Where people sit.',
    ),
    pools: atLeastOne(pool, 'pool').meta({ description: 'Director and Front End pools.' }),
    edges: list(edge, 'Edge servers').meta({ description: 'Edge servers.' }).optional(),
    reverseProxies: list(reverseProxy, 'reverse proxies')
      .meta({ description: 'Reverse proxies.' })
      .optional(),
    balancers: list(balancer, 'load balancers').meta({ description: 'Load balancers.' }).optional(),
    trustedPeers: list(trustedPeer, 'trusted peers')
      .meta({
        description:
          'SIP servers that connect to the Directors over mutual TLS and vouch for their users, who are not asked for a password.',
      })
      .optional(),
    simpleUrls: section(
      {
        meet: list(fqdn, 'host names')
          .meta({ description: 'Host names of the meeting URLs. Default: meet.<SIP domain>.' })
          .optional(),
        dialin: fqdn.meta({ description: 'Host name of the dial-in URL.' }).optional(),
        admin: fqdn.meta({ description: 'Host name of the administration URL.' }).optional(),
      },
      'Host names of the simple URLs.',
    ).optional(),
    policy: list(siteFlow, 'flows')
      .meta({
        description:
          "The site's own flows, such as administration, name resolution, time and monitoring: firewall rules follow, nothing listens.",
      })
      .optional(),
    ports: portOverrides.optional(),
    limits: section(
      {
        source: requestsPerSecond()
          .meta({ description: 'Requests a second from one client address. Default: 500.' })
          .optional(),
        user: requestsPerSecond()
          .meta({ description: 'Requests a second of one user. Default: 20.' })
          .optional(),
      },
      'Requests a second each process takes of one sender; three times as many at once.',
    ).optional(),
    options: section(
      {
        internalClientsSignInAtDirector: yesOrNo
          .meta({
            description:
              'Internal clients may sign in at the Director, which redirects them home. Default: false.',
          })
          .optional(),
        loggingFromAdministrationOnly: yesOrNo
          .meta({
            description:
              'Log controllers are admitted from the administration networks and the hosts only, instead of from anywhere. Default: false.',
          })
          .optional(),
        interServerToDirector: yesOrNo
          .meta({
            description:
              'Front Ends may also open inter-server traffic to the Directors. Default: false.',
          })
          .optional(),
      },
      'Flows that are switched on only when wanted.',
    ).optional(),
    users: section(
      {
        digest: atLeastOne(z.enum(['SHA-256', 'MD5']), 'algorithm')
          .meta({
            description: 'Digest algorithms offered, best first (RFC 8760). Default: SHA-256, MD5.',
          })
          .optional(),
      },
      'How users prove who they are.',
    ).optional(),
    trust: section(
      {
        caFile: path
          .meta({ description: "PEM file of the site's own CA. Default: a CA Usher makes." })
          .optional(),
        certificateDirectory: path
          .meta({ description: 'Directory with <fqdn>.crt and <fqdn>.key of every host.' })
          .optional(),
        crlFile: path.meta({ description: "PEM revocation list of the site's own CA." }).optional(),
      },
      'Certificates of your own; relative paths start at the topology file.',
    ).optional(),
    timers: section(
      {
        probeInterval: seconds(0.1, 300)
          .meta({ description: 'Seconds between two health probes of a member. Default: 2.' })
          .optional(),
        idleTimeout: seconds(1, 86_400)
          .meta({
            description:
              'Seconds after which the balancer closes an idle connection. Default: 1800.',
          })
          .optional(),
        keepAlive: seconds(1, 86_400)
          .meta({
            description:
              'Seconds after which clients of the SIP service send something on an idle connection. No default: not compared.',
          })
          .optional(),
        firewallSession: seconds(1, 864_000)
          .meta({
            description:
              'Shortest time, in seconds, for which a firewall between clients, balancer and members keeps an idle connection. No default: not compared.',
          })
          .optional(),
      },
      'Times, in seconds.',
    ).optional(),
  },
  'Topology of an Usher deployment.',
).meta({ title: 'Usher topology' });

/** What the file says once it has passed the schema. */
export type TopologyFile = z.output<typeof topologyFile>;

/** What the file says before the schema fills in anything. */
export type RawTopologyFile = z.input<typeof topologyFile>;
