import type { Language, Text } from '#base';
import type { Plan } from '#ports';
import { hostsOf, type Role } from '#topology';

const roleNames: Readonly<Record<Role, Text>> = {
  director: { en: 'Director', de: 'Director' },
  frontEnd: { en: 'Front End', de: 'Front-End' },
  edge: { en: 'Edge', de: 'Edge' },
  reverseProxy: { en: 'reverse proxy', de: 'Reverseproxy' },
  balancer: { en: 'balancer', de: 'Balancer' },
  trustedPeer: { en: 'trusted peer', de: 'Gegenstelle' },
};

/** What a role is called on screen. */
export function roleName(role: Role, language: Language): string {
  return roleNames[role][language];
}

/** The names a plan gives to hosts and VIPs, for `ladderText` and `ladderSvg`. */
export function ladderNames(
  plan: Plan,
  language: Language,
): { readonly roles: ReadonlyMap<string, string>; readonly vips: ReadonlyMap<string, string> } {
  return {
    roles: new Map(
      hostsOf(plan.topology).map((host) => [host.fqdn, roleName(host.role, language)]),
    ),
    vips: new Map(
      plan.virtualServices.map(({ address, port, pool }) => [
        address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
        pool,
      ]),
    ),
  };
}
