import { UsherError } from '#base';
import type { Direction, Match, Rule, RuleSet, Target } from '../model/index.ts';

/** A line without what changes with every other line: names made from what is in a list, a comma at the end. */
const bare = (line: string): string => line.replaceAll(/\b[\da-f]{12}\b/gu, '').replace(/,$/u, '');

/** The lines of the longer text that the shorter one has not, between what they begin and end with alike. */
function added(longer: string, shorter: string): readonly string[] {
  const [lines, known] = [longer.split('\n'), shorter.split('\n')];
  const same = (a: number, b: number): boolean =>
    bare(lines.at(a) ?? '') === bare(known.at(b) ?? '');
  let start = 0;
  while (start < known.length && same(start, start)) start += 1;
  let rest = 0;
  while (rest < known.length - start && same(-1 - rest, -1 - rest)) rest += 1;
  const [from, until] = atItsHead(lines, start, lines.length - rest);
  const counts = new Map<string, number>();
  for (const line of known.slice(start, known.length - rest)) {
    counts.set(bare(line), (counts.get(bare(line)) ?? 0) + 1);
  }
  const own = lines.slice(from, until).filter((line) => {
    const count = counts.get(bare(line)) ?? 0;
    counts.set(bare(line), count - 1);
    return count <= 0 && !/^\s*(?:[#!]|$)/u.test(line);
  });
  const margin = Math.min(...own.map(indent));
  return own.map((line) => line.slice(margin));
}

const indent = (line: string): number => line.length - line.trimStart().length;

/**
 * What was put between equal lines could as well begin a few lines earlier; it begins where its first
 * line stands farthest to the left: with the head of a block, not in its middle.
 */
function atItsHead(
  lines: readonly string[],
  start: number,
  end: number,
): readonly [number, number] {
  let best = 0;
  for (
    let shift = 0;
    bare(lines[start - shift - 1] ?? '') === bare(lines[end - shift - 1] ?? ' ');
  ) {
    shift += 1;
    if (indent(lines[start - shift] ?? '') < indent(lines[start - best] ?? '')) best = shift;
  }
  return [start - best, end - best];
}

/**
 * A rule about other packets, in the words of a kind of firewall: the lines it writes for them at the end of the
 * rules asked for. None where it cannot say the rule.
 */
export function writtenAs(
  target: Target,
  asked: RuleSet,
  direction: Direction,
  { id, comment, action }: Rule,
  matches: readonly Match[],
): readonly string[] {
  const rules = matches.map((match): Rule => ({
    id,
    match,
    action,
    ...(comment === undefined ? {} : { comment }),
  }));
  const withThem: RuleSet = {
    ...asked,
    chains: asked.chains.map((chain) =>
      chain.direction === direction ? { ...chain, rules: [...chain.rules, ...rules] } : chain,
    ),
  };
  try {
    const before = new Map(target.render([asked], {}).map(({ name, content }) => [name, content]));
    return target
      .render([withThem], {})
      .flatMap(({ name, content }) => added(content, before.get(name) ?? ''));
  } catch (error) {
    if (error instanceof UsherError) return [];
    throw error;
  }
}
