import type { Damage } from './damages.fixture.ts';

/** A flow of the site without fault, before the balancers. */
const flow = (text: string): string => `policy:\n  - { ${text} }\nbalancers:`;
const good = 'name: ssh, from: [administration], to: [hosts], owner: Team, reason: Why';

const damage = (that: string, text: string, code: string, path: string, at: string): Damage => ({
  that,
  from: 'balancers:',
  to: flow(text),
  code,
  path,
  at,
});

export const policyDamages: readonly Damage[] = [
  damage('a flow of the site without ports', good, 'service-or-ports', 'policy.0', '{ name: ssh'),
  damage(
    'a flow of the site with a service and ports',
    `${good}, service: ssh, ports: [22]`,
    'service-or-ports',
    'policy.0',
    '{ name: ssh',
  ),
  damage(
    'a flow of the site with a name that is no name',
    'name: "a b", from: [any], to: [hosts], service: ssh, owner: Team, reason: Why',
    'bad-flow-name',
    'policy.0.name',
    '"a b"',
  ),
  damage(
    'two flows of the site with one name',
    `${good}, service: ssh }\n  - { name: SSH, from: [any], to: [hosts], service: rdp, owner: Team, reason: Why`,
    'duplicate-flow-name',
    'policy.1.name',
    'SSH, from',
  ),
  damage(
    'an end of a flow that is nothing',
    'name: ssh, from: [administraton], to: [hosts], service: ssh, owner: Team, reason: Why',
    'unknown-flow-end',
    'policy.0.from.0',
    'administraton]',
  ),
  damage(
    'a range of ports the wrong way round',
    `${good}, ports: [9200-9100]`,
    'bad-flow-port',
    'policy.0.ports.0',
    '9200-9100',
  ),
  damage(
    'a day that is not in the calendar',
    `${good}, service: ssh, expires: 2027-02-30`,
    'bad-date',
    'policy.0.expires',
    '2027-02-30',
  ),
  damage(
    'a flow nobody answers for',
    'name: ssh, from: [any], to: [hosts], service: ssh, reason: Why',
    'missing',
    'policy.0.owner',
    '{ name: ssh',
  ),
  damage(
    'a reason of two lines',
    'name: ssh, from: [any], to: [hosts], service: ssh, owner: Team, reason: "a\\nb"',
    'bad-value',
    'policy.0.reason',
    '"a\\nb"',
  ),
];
