import { escapeMarkup } from '#base';
import { widthOf } from '../printable.ts';
import type { Arrow, Ladder } from './flow.ts';
import type { LadderStyle } from './text.ts';

const lane = 170;
const step = 30;
const top = 74;
const left = 70;

function classOf(arrow: Arrow): string {
  if (arrow.status === 0) return 'request';
  if (arrow.status < 200) return 'provisional';
  if (arrow.status < 300) return 'success';
  return arrow.status === 401 || arrow.status === 407 || arrow.status < 400 ? 'other' : 'failure';
}

/** A ladder as a stand-alone SVG, light or dark as the reader's system is; labels are escaped. */
export function ladderSvg(ladder: Ladder, style: Pick<LadderStyle, 'roles' | 'vips'> = {}): string {
  const columnOf = new Map(
    ladder.lifelines.map(({ id }, index) => [id, left + lane / 2 + index * lane]),
  );
  const width = left + Math.max(1, ladder.lifelines.length) * lane;
  const height = top + (ladder.arrows.length + 1) * step;
  const heads = ladder.lifelines.map(({ id, name, detail, kind }) => {
    const x = columnOf.get(id) ?? 0;
    const role = kind === 'host' ? (style.roles?.get(detail) ?? '') : detail;
    return (
      `<text class="name" x="${x}" y="24">${escapeMarkup(name)}</text>` +
      `<text class="role" x="${x}" y="42">${escapeMarkup(role)}</text>` +
      `<line class="life" x1="${x}" y1="52" x2="${x}" y2="${height - 8}"/>`
    );
  });
  const arrows = ladder.arrows.map((arrow, index) => {
    const from = columnOf.get(arrow.from) ?? 0;
    const to = columnOf.get(arrow.to) ?? 0;
    const y = top + index * step;
    const toward = to >= from ? 1 : -1;
    const end = to === from ? to + 24 : to - toward * 2;
    const through = arrow.through === undefined ? '' : (style.vips?.get(arrow.through) ?? 'VIP');
    const label = through === '' ? arrow.label : `${arrow.label} (${through})`;
    const middle = from + (toward * lane) / 2;
    // Labels wider than a lane are squeezed, never cut.
    const squeeze =
      widthOf(label) * 7 > lane - 16
        ? ` textLength="${lane - 16}" lengthAdjust="spacingAndGlyphs"`
        : '';
    const time = Math.round(arrow.at - ladder.startedAt);
    return (
      `<text class="time" x="${left - 12}" y="${y + 4}">${time} ms</text>` +
      `<g class="${classOf(arrow)}"><line x1="${from}" y1="${y}" x2="${end}" y2="${y}" marker-end="url(#head)"/>` +
      `<text x="${middle}" y="${y - 6}"${squeeze}>${escapeMarkup(label)}</text></g>`
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>Call-ID ${escapeMarkup(ladder.callId.replace(/[^\u0020-\u007e]/g, '?'))}</title>
<style>${css}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8Z" fill="context-stroke"/></marker></defs>
${heads.join('\n')}
${arrows.join('\n')}
</svg>
`;
}

const css = `svg{font:12px system-ui,sans-serif;background:#fff;color:#1b2430}
text{text-anchor:middle;fill:currentColor}.name{font-weight:600;font-size:14px}.role,.time{fill:#6b7785}.time{text-anchor:end}
.life{stroke:#c3cbd5;stroke-dasharray:3 3}g line{stroke:currentColor;stroke-width:1.6}
.request{color:#1769aa}.provisional{color:#7a8594}.success{color:#1d7f4a}.other{color:#a66300}.failure{color:#c02b2b}
@media (prefers-color-scheme:dark){svg{background:#12161c;color:#e3e8ee}.life{stroke:#3a4450}.role,.time{fill:#93a0ad}
.request{color:#6ab7f5}.success{color:#5ed08d}.other{color:#f0b45a}.failure{color:#ff7b7b}}`;
