import { createRequire } from 'node:module';
import type { Fault } from '#base';
import type { Topology } from '#topology';
import {
  type Checked,
  checkAor,
  checkDisplayName,
  checkHomePool,
  checkPassword,
} from '../check.ts';
import type { UserRecord, Verifiers } from '../user.ts';
import {
  type DigestAlgorithm,
  type UsernameForm,
  isVerifier,
  splitAor,
  verifiersOf,
} from '../verifier.ts';
import { readCsv } from './csv.ts';
import type { Entry, Placed } from './entry.ts';
import type * as Yaml from './yaml.ts';

// Read by the command line alone: the process of a host starts sooner without.
const require = createRequire(import.meta.url);
const yaml = (): typeof Yaml => require('./yaml.ts');

export const importFormats = ['csv', 'json', 'yaml'] as const;
export type ImportFormat = (typeof importFormats)[number];

/** Fields that carry a ready HA1, as other servers export it, and what it is. */
const ha1Fields: Readonly<Record<string, readonly [DigestAlgorithm, UsernameForm]>> = {
  ha1: ['MD5', 'local'],
  ha1b: ['MD5', 'aor'],
  ha1Sha256: ['SHA-256', 'local'],
  ha1bSha256: ['SHA-256', 'aor'],
};
const fieldNames = [
  'aor',
  'displayName',
  'homePool',
  'enabled',
  'password',
  ...Object.keys(ha1Fields),
];
const yes = new Set(['true', 'yes', '1', 'on', 'ja']);
const no = new Set(['false', 'no', '0', 'off', 'nein']);

/** What importing needs to know besides the text. */
export interface ImportOptions {
  /** Name of the file, for the faults. */
  readonly file: string;
  readonly format: ImportFormat;
  readonly topology: Topology;
  /** True for users there are already; they keep their password when the file gives none. */
  readonly exists?: (aor: string) => boolean;
}

/** Every user of the file, or everything that is wrong with it. */
export type ImportResult =
  | { readonly ok: true; readonly users: readonly UserRecord[] }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/**
 * Reads users from CSV, JSON or YAML. Fields: `aor`, `homePool`, and if wanted `displayName` (default: the
 * local part), `enabled` (default true), `password` in clear, or ready verifiers as Kamailio has them:
 * `ha1` (MD5, username without domain), `ha1b` (with domain), `ha1Sha256`, `ha1bSha256`.
 *
 * A password in clear is turned into verifiers here and goes no further; no fault shows one. All faults
 * are reported at once, with line and column; one fault, and no user is returned.
 */
export function importUsers(text: string, options: ImportOptions): ImportResult {
  const reading = options.format === 'csv' ? readCsv(text) : yaml().readYaml(text);
  const remedy = 'Correct the file; "usher user import --help" shows the three formats.';
  const faults: Fault[] = reading.obstacles.map((obstacle) => ({
    file: options.file,
    ...obstacle,
    remedy,
  }));
  const users: UserRecord[] = [];
  const seen = new Map<string, number>();
  for (const entry of reading.entries) {
    const record = readEntry(entry, options, faults);
    if (record === undefined) continue;
    const before = seen.get(record.aor);
    if (before === undefined) {
      seen.set(record.aor, entry.line);
      users.push(record);
    } else {
      const found = `${record.aor} stands in line ${before} already`;
      const place = entry.fields.get('aor') ?? entry;
      faults.push(
        fault(
          options.file,
          entry,
          place,
          'aor',
          'duplicate-user',
          found,
          'each user once',
          'Remove one of the two.',
        ),
      );
    }
  }
  if (faults.length > 0) {
    return { ok: false, faults: faults.toSorted((a, b) => a.line - b.line || a.column - b.column) };
  }
  return { ok: true, users };
}

function fault(
  file: string,
  entry: Entry,
  place: { readonly line: number; readonly column: number },
  field: string,
  code: string,
  found: string,
  allowed: string,
  remedy: string,
): Fault {
  const path = entry.path === '' ? field : `${entry.path}.${field}`;
  return { file, line: place.line, column: place.column, path, code, found, allowed, remedy };
}

/** The record of one entry; undefined when something is wrong with it, which is then among the faults. */
function readEntry(entry: Entry, options: ImportOptions, faults: Fault[]): UserRecord | undefined {
  const before = faults.length;
  const { fields } = entry;
  const complain = (
    field: string,
    code: string,
    found: string,
    allowed: string,
    remedy: string,
  ): void => {
    const place = fields.get(field) ?? entry;
    faults.push(fault(options.file, entry, place, field, code, found, allowed, remedy));
  };
  const check = <T>(
    field: string,
    value: Placed | undefined,
    read: (text: string) => Checked<T>,
  ): T | undefined => {
    if (value === undefined) {
      complain(field, 'missing-field', 'nothing', `a value for ${field}`, 'Add the field.');
      return undefined;
    }
    const checked = read(value.text);
    if (checked.ok) return checked.value;
    const { code, found, allowed, remedy } = checked.complaint;
    complain(field, code, found, allowed, remedy);
    return undefined;
  };
  for (const name of fields.keys()) {
    if (fieldNames.includes(name)) continue;
    complain(
      name,
      'unknown-field',
      `the field "${name}"`,
      fieldNames.join(', '),
      'Remove or rename it.',
    );
  }
  const aor = check('aor', fields.get('aor'), (text) => checkAor(text, options.topology));
  const homePool = check('homePool', fields.get('homePool'), (text) =>
    checkHomePool(text, options.topology),
  );
  const enabledText = fields.get('enabled')?.text.trim().toLowerCase() ?? 'true';
  if (!yes.has(enabledText) && !no.has(enabledText)) {
    complain('enabled', 'no-boolean', `"${enabledText}"`, 'true or false', 'Write true or false.');
  }
  const password = fields.get('password');
  if (password !== undefined) check('password', password, checkPassword);
  const ready = readVerifiers(fields, complain);
  if (password !== undefined && ready !== undefined) {
    complain(
      'password',
      'two-secrets',
      'a password and ready verifiers',
      'one of the two',
      'Remove one.',
    );
  }
  if (aor === undefined || homePool === undefined) return undefined;
  const name = fields.get('displayName') ?? { ...entry, text: splitAor(aor).local };
  const displayName = check('displayName', name, checkDisplayName);
  const verifiers = password === undefined ? ready : verifiersOf(aor, password.text);
  if (verifiers === undefined && options.exists?.(aor) !== true) {
    complain(
      'password',
      'no-secret',
      'neither password nor verifiers',
      'password, ha1, ha1b, ha1Sha256, ha1bSha256',
      'Give a new user a password.',
    );
  }
  if (faults.length > before || displayName === undefined) return undefined;
  return { aor, displayName, homePool, enabled: yes.has(enabledText), verifiers };
}

function readVerifiers(
  fields: ReadonlyMap<string, Placed>,
  complain: (field: string, code: string, found: string, allowed: string, remedy: string) => void,
): Verifiers | undefined {
  const found: Record<DigestAlgorithm, Partial<Record<UsernameForm, string>>> = {
    'SHA-256': {},
    MD5: {},
  };
  let any = false;
  for (const [name, [algorithm, form]] of Object.entries(ha1Fields)) {
    const text = fields.get(name)?.text.trim().toLowerCase();
    if (text === undefined) continue;
    any = true;
    if (isVerifier(algorithm, text)) found[algorithm][form] = text;
    else {
      const digits = algorithm === 'MD5' ? 32 : 64;
      complain(
        name,
        'no-verifier',
        'something else',
        `${digits} hexadecimal digits`,
        'Export the HA1 again.',
      );
    }
  }
  return any ? found : undefined;
}
