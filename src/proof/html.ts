import type { Conversation } from './conversation.ts';
import type { DeviceProof } from './device.ts';
import { findingEvidence, packetText, partyName } from './report.ts';
import { holds, type Proof } from './verdict.ts';

const style = `
:root { color-scheme: light dark; --good: #1a7f37; --bad: #cf222e; --line: #8884; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 78rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; }
th { font-weight: 600; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
code { font-size: .85em; }`;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string): string =>
  text.replaceAll(/[&<>"']/gu, (character) => entities[character] ?? character);

const judged = (good: boolean, text: string): string =>
  `<span class="${good ? 'good' : 'bad'}">${good ? '✔' : '✘'} ${escape(text)}</span>`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [
    '<table><thead><tr>',
    ...head.map((cell) => `<th scope="col">${escape(cell)}</th>`),
    '</tr></thead><tbody>',
    ...rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`),
    '</tbody></table>',
  ].join('\n');

const section = (title: string, body: string): string => `<h2>${escape(title)}</h2>\n${body}`;

function rowsSection({ rows }: Proof): string {
  if (rows.length === 0) return '';
  const open = rows.filter(({ verdict }) => verdict === 'open').length;
  return section(
    `Rows of the port table: ${open} of ${rows.length} open`,
    table(
      ['row', 'from', 'to', 'port', 'verdict', 'evidence'],
      rows.map(({ flow, verdict, evidence }) => [
        escape(flow.id),
        escape(partyName(flow.source)),
        escape(partyName(flow.destination)),
        String(flow.port),
        judged(verdict === 'open', verdict),
        escape(evidence),
      ]),
    ),
  );
}

function deviceRow({ device, direction, probed, admitted, findings }: DeviceProof): string[] {
  const good = findings.length === 0;
  const verdict = good ? 'as the table says' : `${findings.length} differences`;
  const what = findings.map((finding) => escape(findingEvidence(finding))).join('<br>');
  const words = { in: 'to it', out: 'from it', forward: 'through it' };
  return [
    escape(device),
    words[direction],
    String(probed),
    String(admitted),
    `${judged(good, verdict)}${good ? '' : `<br>${what}`}`,
  ];
}

function devicesSection({ devices }: Proof): string {
  if (devices === undefined) return '';
  const head = ['device', 'packets', 'put before it', 'let pass', 'verdict'];
  return section('What each device lets pass', table(head, devices.map(deviceRow)));
}

function pairsSection({ pairs }: Proof): string {
  if (pairs === undefined) return '';
  const { findings } = pairs;
  const sum = `${pairs.pairs} pairs of addresses, ${pairs.probed} packets, ${pairs.admitted} let through`;
  const list = findings.map(({ kind, row, from, to, packet }) => [
    judged(false, kind),
    escape(`${from} → ${to}`),
    escape(packetText(packet)),
    escape(row ?? ''),
  ]);
  const body =
    findings.length === 0
      ? `<p>${judged(true, 'as the table says')}</p>`
      : table(['verdict', 'between', 'packet', 'row'], list);
  return section(`Every port between any two: ${sum}`, body);
}

function refusalsSection({ refusals, closed }: Proof): string {
  const admitted = refusals.filter(({ refused }) => !refused);
  const lines = [
    judged(
      admitted.length === 0,
      `${refusals.length - admitted.length} of ${refusals.length} wrong certificates refused`,
    ),
    ...admitted.map(({ to, presented, evidence }) =>
      judged(false, `${to}: ${presented}: ${evidence}`),
    ),
    judged(
      closed.unexpectedlyOpen.length === 0,
      `${closed.unexpectedlyOpen.length} of ${closed.probed} sockets without a flow`,
    ),
    ...closed.unexpectedlyOpen.map(({ protocol, address, port, evidence }) =>
      judged(false, `${protocol} ${address}:${port}: ${evidence}`),
    ),
    ...closed.remarks.map(({ en }) => escape(en)),
  ];
  return section('Wrong certificates and sockets', `<p>${lines.join('<br>\n')}</p>`);
}

function conversationSection(conversation: Conversation | undefined): string {
  if (conversation === undefined) return '';
  const { ok, from, to, steps } = conversation;
  const lines = [judged(ok, `${from} and ${to}`), ...steps.map(escape)];
  return section('Two users meet', `<p>${lines.join('<br>\n')}</p>`);
}

/**
 * The proof as one HTML page that needs nothing else: no script, no font, no other file.
 *
 * @param name of the deployment
 * @param when it was proven
 */
export function toHtml(
  name: string,
  proof: Proof,
  conversation: Conversation | undefined,
  when: Date,
): string {
  const good = holds(proof) && conversation?.ok !== false;
  const verdict = good ? 'the port table is proven' : 'the port table is NOT proven';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(name)}: ${verdict}</title>
<style>${style}</style></head><body>
<h1>${escape(name)}: ${judged(good, verdict)}</h1>
<p>${when.toISOString()}</p>
${[rowsSection(proof), devicesSection(proof), pairsSection(proof), refusalsSection(proof), conversationSection(conversation)].filter((part) => part !== '').join('\n')}
</body></html>
`;
}
