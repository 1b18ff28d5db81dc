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

const nameWords = (rule: RuleName | 'default', text: Texts): string =>
  rule === 'default' ? text.byDefault : rule.id === '' ? (rule.position ?? '') : rule.id;

/** Sections with a heading; those without lines are left out. */
function sections(parts: readonly (readonly [string, readonly string[]])[], ink: Paint): string {
  return parts
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => [ink.strong(title), ...lines.map((line) => `  ${line}`)].join('\n'))
    .join('\n\n');
}

/** What an audit found, for people: every finding with its witness as a sentence. */
export function auditText(
  device: string,
  found: AuditReport,
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
  const missing = found.missing.map(({ row, witness, rule, certain }) => {
    const way = text.direction[witness.direction];
    const sentence = text.blocked(packetWords(witness), way, ruleWords(rule, text));
    return `${ink.bad(row.padEnd(width))}  ${sentence}${mark(certain)}`;
  });
  const excess = found.excess.map(({ rule, witness, certain }) => {
    const way = text.direction[witness.direction];
    const sentence = text.admitted(packetWords(witness), way, ruleWords(rule, text));
    return `${ink.bad(nameWords(rule, text).padEnd(width))}  ${sentence}${mark(certain)}`;
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
  return [found.ok ? ink.good(text.clean(device)) : '', all].filter(Boolean).join('\n\n');
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
