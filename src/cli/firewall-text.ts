import type { Language } from '#base';
import type { AuditReport, DifferenceReport, PacketFields, RuleName } from '#firewall';
import { texts } from './messages/firewall.ts';
import type { Paint } from './paint.ts';

type Texts = ReturnType<typeof texts>;

/** `DH-06 (dir01.nft:12)`, or what there is of it. */
function ruleWords(rule: RuleName | 'default', text: Texts): string {
  if (rule === 'default') return text.byDefault;
  const { id, position = '' } = rule;
  if (id === '') return text.ruleAt(position);
  return position === '' ? id : `${id} (${position})`;
}

const end = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** A packet as people write one: `tcp 10.0.0.1:49152 → 10.0.0.2:5061, new`. */
function packetWords(packet: PacketFields): string {
  const { protocol, source, sourcePort, destination, destinationPort, state } = packet;
  const by = [packet.inInterface, packet.outInterface].filter(Boolean).join(' → ');
  const sides = `${end(source, sourcePort)} → ${end(destination, destinationPort)}`;
  return `${protocol} ${sides}, ${state}${by === '' ? '' : `, ${by}`},`;
}

/** More than these nobody reads; `--json` has them all. */
const mostRegions = 3;

type Excess = AuditReport['excess'][number];

const sideWords = (addresses: readonly string[], port: string): string =>
  `${addresses.join(', ')}${port === 'any' ? '' : ` port ${port}`}`;

/** Packets as people write them: `tcp 10.0.0.0/24 → 10.0.1.11 port 5061-5062, new`. */
function regionWords(region: Excess['region'][number]): string {
  const { protocol, source, sourcePort, destination, destinationPort, states } = region;
  const by = [region.inInterface, region.outInterface].filter(Boolean).join(' → ');
  const sides = `${sideWords(source, sourcePort)} → ${sideWords(destination, destinationPort)}`;
  return `${protocol} ${sides}, ${states.join('/')}${by === '' ? '' : `, ${by}`}`;
}

/** What to write in the place of a rule that admits too much. */
function insteadWords(instead: Excess['instead'], text: Texts): readonly string[] {
  if (instead === undefined) return [text.closeDefault];
  if (instead.region.length === 0) return [text.remove];
  const { lines, region } = instead;
  return [
    text.instead,
    ...(lines.length > 0 ? lines : region.map(regionWords)).map((line) => `  ${line}`),
  ];
}

const nameWords = (rule: RuleName | 'default', text: Texts): string =>
  rule === 'default' ? text.byDefault : rule.id === '' ? (rule.position ?? '') : rule.id;

/** Sections with a heading; those without lines are left out. */
function sections(parts: readonly (readonly [string, readonly string[]])[], ink: Paint): string {
  return parts
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => [ink.strong(title), ...lines.map((line) => `  ${line}`)].join('\n'))
    .join('\n\n');
}

/**
 * What an audit found, for people: every finding with its witness as a sentence, and what to write instead.
 *
 * @param named whether the device is named first, as where there are several
 */
export function auditText(
  found: AuditReport & { readonly device: string },
  named: boolean,
  language: Language,
  ink: Paint,
): string {
  const text = texts(language);
  const mark = (certain: boolean): string => (certain ? '' : ` (${text.perhaps})`);
  const width = Math.max(
    0,
    ...found.missing.map(({ row }) => row.length),
    ...found.excess.map(({ rule }) => nameWords(rule, text).length),
  );
  const missing = found.missing.map(({ row, witness, rule, certain, translation }) => {
    const way = text.direction[witness.direction];
    const sentence =
      translation === undefined
        ? text.blocked(packetWords(witness), way, ruleWords(rule, text))
        : rule === 'default'
          ? text.untranslated[translation](packetWords(witness))
          : text.astray[translation](packetWords(witness), ruleWords(rule, text));
    return `${ink.bad(row.padEnd(width))}  ${sentence}${mark(certain)}`;
  });
  const excess = found.excess.flatMap(({ rule, witness, certain, region, instead }) => {
    const way = text.direction[witness.direction];
    const sentence = text.admitted(packetWords(witness), way, ruleWords(rule, text));
    const line = `${ink.bad(nameWords(rule, text).padEnd(width))}  ${sentence}${mark(certain)}`;
    const all = region
      .slice(0, mostRegions)
      .map((each, index) => `  ${index === 0 ? text.all : text.and} ${regionWords(each)}`);
    const more = region.length > mostRegions ? [`  ${text.more(region.length - mostRegions)}`] : [];
    return [line, ...all, ...more, ...insteadWords(instead, text).map((each) => `  ${each}`)];
  });
  const shadowed = found.shadowed.map(
    ({ rule, by }) =>
      `${ruleWords(rule, text)} ${text.hidden(by.map((each) => ruleWords(each, text)).join(', '))}`,
  );
  const unknown = found.unknown.map(
    ({ rule, conditions }) => `${ruleWords(rule, text)}: ${conditions.join('; ')}`,
  );
  const all = sections(
    [
      [text.missing, missing],
      [text.excess, excess],
      [text.shadowed, shadowed],
      [text.unknown, unknown],
    ],
    ink,
  );
  const head = found.ok
    ? ink.good(text.clean(found.device))
    : named
      ? ink.strong(found.device)
      : '';
  return [head, all].filter(Boolean).join('\n\n');
}

/** How two rule sets differ, for people. */
export function differenceText(
  files: readonly [string, string],
  found: DifferenceReport,
  language: Language,
  ink: Paint,
): string {
  const text = texts(language);
  if (found.ok) return ink.good(text.same);
  const lines = (list: DifferenceReport['onlyFirst']): readonly string[] =>
    list.map(({ admittedBy, rule, witness }) => {
      const way = text.direction[witness.direction];
      const packet = packetWords(witness);
      return `${text.admitted(packet, way, ruleWords(admittedBy, text))}; ${text.there(ruleWords(rule, text))}`;
    });
  return sections(
    [
      [text.onlyIn(files[0]), lines(found.onlyFirst)],
      [text.onlyIn(files[1]), lines(found.onlySecond)],
    ],
    ink,
  );
}
