import type { SiteProtocol } from '#topology';
import type { Plan } from '../model.ts';
import { siteTraffic } from '../site.ts';

/** A flow of the site itself, from `policy:` of the topology: nothing of the deployment asks for it. */
export interface SiteRow {
  /** `SITE-` and its name, as in the firewall rules. */
  readonly id: string;
  readonly protocols: readonly SiteProtocol[];
  /** Both included; of every protocol. */
  readonly ports: readonly { readonly first: number; readonly last: number }[];
  readonly source: readonly string[];
  readonly destination: readonly string[];
  readonly owner: string;
  readonly reason: string;
  /** The last day it is valid, `YYYY-MM-DD`; undefined: for good. */
  readonly expires: string | undefined;
}

/** The row of a flow of the site. */
export const siteRow = ({ name }: { readonly name: string }): string => `SITE-${name}`;

/** The site's own flows, in file order. What they are about is of one port in all their protocols. */
export function siteRows({ topology }: Plan): readonly SiteRow[] {
  return topology.policy.map((flow): SiteRow => {
    const traffic = siteTraffic(flow);
    const ports = new Map(traffic.map(({ first, last }) => [`${first}-${last}`, { first, last }]));
    return {
      id: siteRow(flow),
      protocols: [...new Set(traffic.map(({ protocol }) => protocol))],
      ports: [...ports.values()],
      source: flow.from,
      destination: flow.to,
      owner: flow.owner,
      reason: flow.reason,
      expires: flow.expires,
    };
  });
}

/** `9100`, `9200-9209`. */
export const portRange = ({ first, last }: SiteRow['ports'][number]): string =>
  first === last ? String(first) : `${first}-${last}`;
