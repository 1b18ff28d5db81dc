/** What decided a packet on its way through a device. */
export interface Decided {
  readonly verdict: 'accept' | 'drop';
  /** The rule's comment, or its text when it has none; undefined for the policy of a chain. */
  readonly rule: string | undefined;
  readonly chain: string;
}

const line =
  /^trace id (?<id>[\da-f]+) (?<family>\w+) (?<table>\S+) (?<chain>\S+) (?:(?<packet>packet:)|rule (?<rule>.*) \(verdict (?<verdict>[a-z]+)[^)]*\)|policy (?<policy>accept|drop)|verdict )/u;

/** True for the packet of these ports. */
const isOf = (text: string, sourcePort: number, port: number): boolean =>
  new RegExp(`\\b(?:tcp|udp) sport ${sourcePort} (?:tcp|udp) dport ${port}\\b`, 'u').test(text);

/**
 * Finds in the output of `nft monitor trace` what decided the packet with these ports; undefined while
 * nothing has. What chains of the table `without` decide does not count.
 */
export function decidedBy(
  output: string,
  { sourcePort, port }: { readonly sourcePort: number; readonly port: number },
  without: string,
): Decided | undefined {
  const steps = output.split('\n').flatMap((text) => {
    const groups = line.exec(text)?.groups;
    return groups === undefined ? [] : [{ text, groups }];
  });
  const id = steps.find(
    ({ text, groups }) => groups['packet'] !== undefined && isOf(text, sourcePort, port),
  )?.groups['id'];
  if (id === undefined) return undefined;
  let decided: (Decided & { readonly reason: boolean }) | undefined;
  for (const { groups } of steps) {
    if (groups['id'] !== id || groups['table'] === without) continue;
    const verdict = groups['verdict'] ?? groups['policy'];
    if (verdict !== 'accept' && verdict !== 'drop') continue;
    // A chain without rules accepts by policy before the filter is asked: a rule outweighs that.
    if (groups['policy'] === 'accept' && decided !== undefined) continue;
    // Address translation accepts in rules of its own, without a reason; a rule with one outweighs them.
    const reason = / comment "/u.test(groups['rule'] ?? '');
    if (verdict === 'accept' && !reason && decided?.reason === true) continue;
    const rule = groups['rule'];
    decided = {
      verdict,
      rule: rule === undefined ? undefined : (/ comment "([^"]*)"/u.exec(rule)?.[1] ?? rule),
      chain: groups['chain'] ?? '',
      reason,
    };
    if (verdict === 'drop') break;
  }
  if (decided === undefined) return undefined;
  return { verdict: decided.verdict, rule: decided.rule, chain: decided.chain };
}

/** The row a comment of a rule begins with, as the generated rules have it; else the comment itself. */
export function rowOfComment(comment: string): string {
  return /^([\w./@-]+):/u.exec(comment)?.[1] ?? comment;
}
