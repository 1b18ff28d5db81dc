import { everything, intersect, matching } from '../model.ts';
import type { Chain, Direction, Rule, RuleFile, RuleSet, Translations } from '../model.ts';
import { passing } from '../family.ts';
import { parseRuleset } from './parse.ts';
import { rulesOf } from './rule.ts';
import type { Chain as ChainText, RuleText, Table } from './syntax.ts';
import { asItCame } from './translation.ts';

/** Which packets a hook sees; prerouting and postrouting see those of two directions. */
const directions: ReadonlyMap<string, readonly Direction[]> = new Map([
  ['input', ['in']],
  ['output', ['out']],
  ['forward', ['forward']],
  ['prerouting', ['in', 'forward']],
  ['postrouting', ['out', 'forward']],
]);

/** Hooks in the order a packet meets them. */
const order = ['prerouting', 'input', 'forward', 'output', 'postrouting'];

/** Reads `nft list ruleset` of one device, one rule set a file; the device is the file's name. */
export function read(files: readonly RuleFile[]): readonly RuleSet[] {
  return files.map(({ name, content }) => {
    const { tables } = parseRuleset(content, name);
    const filtering = tables.filter(
      ({ family, dormant }) =>
        !dormant && (family === 'ip' || family === 'ip6' || family === 'inet'),
    );
    const device = name.replace(/^.*\//u, '').replace(/\.nft$/u, '');
    const chains = chainsOf(filtering, name);
    return { device, chains, zones: [], translations: translationsOf(filtering, name) };
  });
}

/** The kernel asks a chain of NAT for the first packet of a connection only. */
const firstPackets = matching({ states: ['new', 'related'] });
const ofFirstPackets = (rule: Rule): Rule => ({
  ...rule,
  match: intersect(rule.match, firstPackets),
});

/** The chains of address translation, which a packet meets whatever way it goes; and those they call. */
function translationsOf(tables: readonly Table[], file: string): Translations {
  const list = (
    hook: string,
    wordsOf: (words: RuleText['words']) => RuleText['words'] | undefined,
  ) =>
    inOrder(tables)
      .filter(({ chain }) => chain.hook === undefined || isNat(chain, hook))
      .map(({ table, chain }): Chain => {
        const chainName = (name: string): string => qualified(table, name);
        const rules = chain.rules.flatMap((rule) => {
          const words = wordsOf(rule.words);
          const all = rulesOf(table, { ...rule, words: words ?? rule.words }, file, chainName);
          // What is not about the packet as it came may be about any.
          return words === undefined
            ? all.map((each): Rule => ({ ...each, match: everything, unknown: [hook] }))
            : all;
        });
        const base = isNat(chain, hook)
          ? { direction: 'in' as const, policy: 'accept' as const }
          : {};
        return { name: chainName(chain.name), ...base, rules };
      });
  return {
    destination: list('prerouting', (words) => words),
    source: list('postrouting', asItCame),
  };
}

const isNat = ({ hook }: ChainText, where: string): boolean =>
  hook?.type === 'nat' && hook.hook === where;

const qualified = ({ family, name: table }: Table, name: string): string =>
  `${family} ${table} ${name}`;

const rank = ({ hook }: ChainText): number => order.indexOf(hook?.hook ?? '');

/** Chains in the order a packet meets them. */
const inOrder = (tables: readonly Table[]) =>
  tables
    .flatMap((table) => [...table.chains.values()].map((chain) => ({ table, chain })))
    .toSorted(
      (a, b) =>
        rank(a.chain) - rank(b.chain) ||
        (a.chain.hook?.priority ?? 0) - (b.chain.hook?.priority ?? 0),
    );

const chainsOf = (tables: readonly Table[], file: string): Chain[] =>
  inOrder(tables).flatMap(({ table, chain }) => chainOf(table, chain, file));

function chainOf(table: Table, chain: ChainText, file: string): Chain[] {
  const chainName = (name: string): string => qualified(table, name);
  const all = chain.rules.flatMap((rule) => rulesOf(table, rule, file, chainName));
  const rules = chain.hook?.type === 'nat' ? all.map(ofFirstPackets) : all;
  const name = chainName(chain.name);
  if (chain.hook === undefined) return [{ name, rules }];
  const { hook, policy } = chain.hook;
  // A table of one family never sees packets of the other.
  const other = table.family === 'inet' ? [] : [passing(table.family === 'ip' ? 6 : 4)];
  return (directions.get(hook) ?? []).map((direction) => ({
    name,
    direction,
    policy,
    rules: [...other, ...rules],
  }));
}
