import { intersect, isEmpty, unreadable } from '../model.ts';
import type { Action, Family, Rule } from '../model.ts';
import { packetsOf } from '../family.ts';
import { reasonIn } from '../text.ts';
import { conditionOf } from './conditions.ts';
import type { SavedOption, SavedRule, SavedTable } from './parse.ts';
import { endpointsOf } from './translation.ts';

/** Targets after which the packet goes on with the next rule. */
const passing: ReadonlySet<string> = new Set(
  (
    'AUDIT CHECKSUM CLASSIFY CONNMARK CONNSECMARK CT DSCP ECN HL HMARK IDLETIMER LED LOG MARK ' +
    'NFLOG NOTRACK RATEEST SECMARK SET TCPMSS TCPOPTSTRIP TEE TOS TRACE TTL ULOG'
  ).split(' '),
);

/** Targets that decide; a translation ends its chain with an accept. */
const deciding: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['ACCEPT', { kind: 'accept' }],
  ['DROP', { kind: 'drop' }],
  ['REJECT', { kind: 'reject' }],
  ['RETURN', { kind: 'return' }],
  ...['DNAT', 'SNAT', 'MASQUERADE', 'REDIRECT', 'NETMAP'].map((name): [string, Action] => [
    name,
    { kind: 'accept' },
  ]),
]);

/** What a target is told; says nothing about the packets of the rule. */
const targetOptions: ReadonlySet<string> = new Set(
  (
    '-j --jump -g --goto -c --set-counters --reject-with --to --to-destination --to-source ' +
    '--to-ports --random --random-fully --persistent'
  ).split(' '),
);

/** The chain name a table has in the model. */
export const qualified = (family: Family, table: string, chain: string): string =>
  `${family === 4 ? 'ip' : 'ip6'} ${table} ${chain}`;

/**
 * Understands one rule. What has no model makes the rule unknown, with the most it can match; a rule
 * that only counts, logs or marks gives none.
 *
 * @throws UsherError `USHER_RULES_UNREADABLE` for a goto to a chain the table does not have
 */
export function rulesOf(table: SavedTable, family: Family, saved: SavedRule): readonly Rule[] {
  const { options, position } = saved;
  const unknown: string[] = [];
  let match = packetsOf(family);
  for (const option of options) {
    if (targetOptions.has(option.name)) continue;
    const condition = conditionOf(option, family);
    if (condition === undefined) unknown.push(written(option));
    else match = intersect(match, condition);
  }
  const valueOf = (...names: readonly string[]): string | undefined =>
    options.find(({ name }) => names.includes(name))?.values[0];
  const chain = valueOf('-g', '--goto');
  const target = valueOf('-j', '--jump');
  if (isEmpty(match) || (target === undefined && chain === undefined)) return [];
  const common = { ...reasonIn(valueOf('--comment')), match, position };
  const doubt = unknown.length === 0 ? {} : { unknown };
  if (chain !== undefined) {
    if (!table.chains.has(chain)) {
      throw unreadable(position, `a way to "${chain}"`, 'a chain of this table');
    }
    const action = { kind: 'goto', chain: qualified(family, table.name, chain) } as const;
    return [{ ...common, ...doubt, action }];
  }
  const name = target ?? '';
  if (table.chains.has(name)) {
    const action = { kind: 'jump', chain: qualified(family, table.name, name) } as const;
    return [{ ...common, ...doubt, action }];
  }
  const action = deciding.get(name);
  if (action !== undefined) {
    const to = endpointsOf(name, saved, family);
    return [{ ...common, ...doubt, action, ...(to === undefined ? {} : { to }) }];
  }
  if (passing.has(name)) return [];
  // Another program (NFQUEUE) or an extension nobody here knows decides, or lets the packet go on.
  const undecided = { ...common, unknown: [...unknown, `-j ${name}`] };
  return [
    { ...undecided, action: { kind: 'accept' } },
    { ...undecided, action: { kind: 'drop' } },
  ];
}

const written = ({ name, negated, values }: SavedOption): string =>
  [...(negated ? ['!'] : []), name, ...values].join(' ');
