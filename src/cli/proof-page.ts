import { escapeMarkup, type Language } from '#base';
import type { Party } from '#ports';
import { holds, packetText, type Conversation, type DeviceProof, type Proof } from '#proof';
import { texts } from './messages/proof.ts';
import { findingText } from './proof-text.ts';

const style = `
:root { color-scheme: light dark; --good: #1a7f37; --bad: #cf222e; --line: #8884; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 78rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; }
th { font-weight: 600; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
code { font-size: .85em; }`;

const judged = (good: boolean, text: string): string =>
  `<span class="${good ? 'good' : 'bad'}">${good ? '✔' : '✘'} ${escapeMarkup(text)}</span>`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [
    '<table><thead><tr>',
    ...head.map((cell) => `<th scope="col">${escapeMarkup(cell)}</th>`),
    '</tr></thead><tbody>',
    ...rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`),
    '</tbody></table>',
  ].join('\n');

const section = (title: string, body: string): string => `<h2>${escapeMarkup(title)}</h2>\n${body}`;

/** What the sections need to speak. */
interface Speech {
  readonly text: ReturnType<typeof texts>;
  readonly page: ReturnType<typeof texts>['page'];
  readonly language: Language;
}

const endText = (party: Party, { text }: Speech): string =>
  `${text.role(party)} (${party.addresses.join(', ')})`;

function rowsSection({ rows }: Proof, speech: Speech): string {
  if (rows.length === 0) return '';
  const { text, page } = speech;
  const open = rows.filter(({ verdict }) => verdict === 'open').length;
  return section(
    `${page.rows}: ${text.sum(open, rows.length)}`,
    table(
      page.rowHead,
      rows.map(({ flow, verdict, evidence }) => [
        escapeMarkup(flow.id),
        escapeMarkup(endText(flow.source, speech)),
        escapeMarkup(endText(flow.destination, speech)),
        String(flow.port),
        judged(verdict === 'open', text.verdict[verdict]),
        escapeMarkup(evidence),
      ]),
    ),
  );
}

function deviceRow(
  { device, direction, probed, admitted, findings }: DeviceProof,
  { text, page, language }: Speech,
): string[] {
  const good = findings.length === 0;
  const what = findings.map((finding) => escapeMarkup(findingText(finding, language))).join('<br>');
  const verdict = judged(good, good ? page.asAsked : page.differences(findings.length));
  return [
    escapeMarkup(device),
    escapeMarkup(text.way[direction]),
    String(probed),
    String(admitted),
    `${verdict}${good ? '' : `<br>${what}`}`,
  ];
}

function devicesSection({ devices }: Proof, speech: Speech): string {
  if (devices === undefined) return '';
  const { page } = speech;
  return section(
    page.devices,
    table(
      page.deviceHead,
      devices.map((device) => deviceRow(device, speech)),
    ),
  );
}

function pairsSection({ pairs }: Proof, { text, page }: Speech): string {
  if (pairs === undefined) return '';
  const { findings } = pairs;
  const list = findings.map(({ kind, row = '', from, to, packet }) => {
    const what = packetText(packet);
    return [
      escapeMarkup(`${from} → ${to}`),
      judged(false, kind === 'admitted' ? text.admitted(what) : text.blocked(what, row)),
    ];
  });
  const sum = text.pairs(pairs.pairs, pairs.probed, findings.length).replace(/:$/u, '');
  const told = `<p>${judged(findings.length === 0, sum)}</p>`;
  return section(page.pairs, findings.length === 0 ? told : told + table(page.pairHead, list));
}

function refusalsSection({ refusals, closed }: Proof, { text, page, language }: Speech): string {
  const admitted = refusals.filter(({ refused }) => !refused);
  const { probed, unexpectedlyOpen, remarks } = closed;
  const lines = [
    judged(admitted.length === 0, text.refusals(refusals.length, admitted.length)),
    ...admitted.map(({ to, presented, evidence }) =>
      judged(false, `${to}: ${presented}: ${evidence}`),
    ),
    judged(unexpectedlyOpen.length === 0, text.closure(probed, unexpectedlyOpen.length)),
    ...unexpectedlyOpen.map(({ protocol, address, port, evidence }) =>
      judged(false, `${protocol} ${address}:${port}: ${evidence}`),
    ),
    ...remarks.map((remark) => escapeMarkup(remark[language])),
  ];
  return section(page.refusals, `<p>${lines.join('<br>\n')}</p>`);
}

function conversationSection(
  conversation: Conversation | undefined,
  { text, page }: Speech,
): string {
  if (conversation === undefined) return '';
  const { ok, from, to, inside = false, steps } = conversation;
  const lines = [judged(ok, text.conversation(from, to, ok, inside)), ...steps.map(escapeMarkup)];
  return section(page.conversation, `<p>${lines.join('<br>\n')}</p>`);
}

/**
 * The proof as one HTML page that needs nothing else: no script, no font, no other file. What was seen is told
 * in the words it was seen in.
 *
 * @param name of the deployment
 * @param when it was proven
 */
export function proofPage(
  name: string,
  proof: Proof,
  conversation: Conversation | undefined,
  when: Date,
  language: Language,
): string {
  const text = texts(language);
  const { page } = text;
  const speech: Speech = { text, page, language };
  const good = holds(proof) && conversation?.ok !== false;
  const verdict = good ? page.proven : page.notProven;
  const sections = [
    rowsSection(proof, speech),
    devicesSection(proof, speech),
    pairsSection(proof, speech),
    refusalsSection(proof, speech),
    conversationSection(conversation, speech),
  ];
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeMarkup(name)}: ${escapeMarkup(verdict)}</title>
<style>${style}</style></head><body>
<h1>${escapeMarkup(name)}: ${judged(good, verdict)}</h1>
<p>${when.toISOString()}</p>
${sections.filter((part) => part !== '').join('\n')}
</body></html>
`;
}
