import { parseAddress, parseNetwork } from './address.ts';
import { endWords } from './build-policy.ts';
import { entries, hostsIn, isComplete, nameOf, poolsOf } from './inventory.ts';
import type { Report } from './inventory.ts';
import type { Draft } from './salvage.ts';
import { didYouMean } from './words.ts';

const isLiteral = (text: string): boolean =>
  parseAddress(text) !== undefined || parseNetwork(text) !== undefined;

/** The site's own flows: names given once, ends that are there, one way to say the ports. */
export function checkPolicy(draft: Draft, report: Report): void {
  const named = [...poolsOf(draft), ...hostsIn(draft)].flatMap(({ value }) => value.fqdn ?? []);
  const words: readonly string[] = endWords;
  const known = new Set([...words, ...named.map(nameOf)]);
  const complete =
    isComplete(draft.pools) && poolsOf(draft).every(({ value }) => isComplete(value.members));
  const seen = new Map<string, string>();
  for (const { value: flow, path } of entries(draft.policy, ['policy'])) {
    const first = seen.get(nameOf(flow.name ?? ''));
    if (first !== undefined) {
      report(
        [...path, 'name'],
        'duplicate-flow-name',
        `${flow.name ?? ''}, which ${first} has already`,
        'a name no other flow has',
        'Give each flow its own name; rules are found by it.',
      );
    } else if (flow.name !== undefined) seen.set(nameOf(flow.name), path.join('.'));
    for (const side of ['from', 'to'] as const) {
      for (const { value: end, path: place } of entries(flow[side], [...path, side])) {
        const isKnown = known.has(end) || known.has(nameOf(end)) || isLiteral(end);
        if (isKnown || !complete) continue;
        report(
          place,
          'unknown-flow-end',
          end,
          `${words.join(', ')}, a host or pool of this file, an address or a CIDR block`,
          `${didYouMean(end, [...known])}Write an address for what is no host of this deployment.`,
        );
      }
    }
    const both = flow.service !== undefined && (flow.ports ?? flow.protocol) !== undefined;
    const neither = flow.service === undefined && flow.ports === undefined;
    if (!both && !neither) continue;
    report(
      path,
      'service-or-ports',
      both ? 'service together with protocol or ports' : 'neither service nor ports',
      'either service, or ports with or without protocol',
      both ? 'Remove one of the two.' : 'Add "service: ssh", or "ports: [9100]".',
    );
  }
}
