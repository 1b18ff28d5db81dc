import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Where results are published. */
const file = new URL('../../docs/benchmarks.md', import.meta.url);

/** The sections of the page, in their order; each is written by one command and by nothing else. */
const sections = ['sip', 'parse', 'handshake', 'vip', 'firewall', 'soak', 'soak-workers'] as const;

/** Name of a section of docs/benchmarks.md. */
export type Section = (typeof sections)[number];

const introduction = `# Benchmarks

Every section is written by the command it names, with \`--write\`, and says on which machine. Run it on yours: ratios travel,
absolute numbers do not.
`;

/** Puts a section into docs/benchmarks.md, in place of the one of before. */
export function writeSection(name: Section, markdown: string): void {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : introduction;
  writeFileSync(file, withSection(before, name, markdown));
}

/** The page with this section replaced, or added where it belongs; the others stay as they are. */
export function withSection(page: string, name: Section, markdown: string): string {
  const block = `${begin(name)}\n\n${markdown.trim()}\n\n${end(name)}\n`;
  const from = page.indexOf(begin(name));
  if (from !== -1) {
    const to = page.indexOf(end(name)) + end(name).length + 1;
    return `${page.slice(0, from)}${block}${page.slice(to)}`;
  }
  const later = sections
    .slice(sections.indexOf(name) + 1)
    .map((next) => page.indexOf(begin(next)))
    .find((at) => at !== -1);
  if (later === undefined) return `${page.trimEnd()}\n\n${block}`;
  return `${page.slice(0, later)}${block}\n${page.slice(later)}`;
}

function begin(name: Section): string {
  return `<!-- bench:${name} -->`;
}

function end(name: Section): string {
  return `<!-- /bench:${name} -->`;
}
