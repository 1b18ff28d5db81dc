import { z } from 'zod';
import { section } from './file-values.ts';
import { siteProtocols, siteServices } from './model.ts';

const allowed = {
  name: 'a name of letters, digits and hyphens, at most 30',
  ends: 'a list of ends: hosts, administration, internalClients, any, names of hosts and pools, addresses and CIDR blocks',
  ports: 'a list of ports from 1 to 65535 and ranges such as 9100-9110',
  owner: 'who answers for the flow, such as a team or an address',
  reason: 'why the flow is there, in one line of at most 200 characters',
  date: 'a day such as 2027-06-30',
} as const;

/** True for a day of the calendar, as `2027-06-30`. */
function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/u.test(text) && new Date(time).toISOString().startsWith(text);
}

const line = (error: string) =>
  z
    .string({ error })
    .min(1, { error })
    .max(200, { error })
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u, { error });

const ends = z.array(z.string({ error: allowed.ends }).min(1, { error: allowed.ends }), {
  error: allowed.ends,
});

const port = z
  .int({ error: allowed.ports })
  .min(1, { error: allowed.ports })
  .max(65_535, { error: allowed.ports });
const range = z.string({ error: allowed.ports }).refine(
  (text) => {
    const [, low = '', high = ''] = /^(\d{1,5})-(\d{1,5})$/u.exec(text) ?? [];
    return Number(low) >= 1 && Number(low) <= Number(high) && Number(high) <= 65_535;
  },
  { error: allowed.ports },
);

/** One flow of the site's own under `policy:`. */
export const siteFlow = section(
  {
    name: z
      .string({ error: allowed.name })
      .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,29}$/u, { error: allowed.name })
      .meta({ description: 'What the flow is called; its row is SITE-<name>.' }),
    from: ends.min(1, { error: allowed.ends }).meta({
      description:
        'Who may begin connections: hosts, administration, internalClients, any, names of hosts and pools, addresses, blocks.',
    }),
    to: ends
      .min(1, { error: allowed.ends })
      .meta({ description: 'To whom; the same words. hosts: every host at its inside address.' }),
    service: z
      .enum(siteServices)
      .meta({ description: 'A service with a port of its own; instead of protocol and ports.' })
      .optional(),
    protocol: z
      .enum(siteProtocols)
      .meta({ description: 'With ports, instead of service. Default: tcp.' })
      .optional(),
    ports: z
      .array(z.union([port, range], { error: allowed.ports }), { error: allowed.ports })
      .min(1, { error: allowed.ports })
      .meta({ description: 'Ports and ranges such as 9100-9110, instead of service.' })
      .optional(),
    owner: line(allowed.owner).meta({ description: 'Who answers for it.' }),
    reason: line(allowed.reason).meta({ description: 'Why it is there; stands in every rule.' }),
    expires: z
      .string({ error: allowed.date })
      .refine(isDay, { error: allowed.date })
      .meta({ description: 'The last day it is valid, as 2027-06-30; without it, for good.' })
      .optional(),
  },
  'A flow of the site, not of the deployment: administration, name resolution, time, monitoring, backup.',
);

/** Stable fault codes of the kinds of values here, by what they allow. */
export const policyCodes: readonly (readonly [string, string])[] = [
  [allowed.name, 'bad-flow-name'],
  [allowed.ends, 'bad-flow-end'],
  [allowed.ports, 'bad-flow-port'],
  [allowed.date, 'bad-date'],
];
