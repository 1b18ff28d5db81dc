import type { Chain, Direction, RuleFile, RuleSet } from '../model.ts';
import { passing } from '../family.ts';
import { parseRuleset } from './parse.ts';
import { rulesOf } from './rule.ts';
import type { Chain as ChainText, Table } from './syntax.ts';

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
    return { device, chains: chainsOf(filtering, name), zones: [] };
  });
}

const rank = ({ hook }: ChainText): number => order.indexOf(hook?.hook ?? '');

function chainsOf(tables: readonly Table[], file: string): Chain[] {
  const all = tables.flatMap((table) =>
    [...table.chains.values()].map((chain) => ({ table, chain })),
  );
  const sorted = all.toSorted(
    (a, b) =>
      rank(a.chain) - rank(b.chain) ||
      (a.chain.hook?.priority ?? 0) - (b.chain.hook?.priority ?? 0),
  );
  return sorted.flatMap(({ table, chain }) => chainOf(table, chain, file));
}

function chainOf(table: Table, chain: ChainText, file: string): Chain[] {
  const chainName = (name: string): string => `${table.family} ${table.name} ${name}`;
  const rules = chain.rules.flatMap((rule) => rulesOf(table, rule, file, chainName));
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
