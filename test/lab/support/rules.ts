import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { run, usher, type TestLab } from './lab.ts';

/** A rule as audit and proof both name it: the row its comment begins with, or that none decided. */
export interface Named {
  readonly kind: 'blocked' | 'admitted';
  /** The row that asks for what is blocked. */
  readonly row: string | undefined;
  /** What decides: a row id, or `policy`. */
  readonly rule: string;
}

const rule = z.union([z.literal('default'), z.object({ id: z.string(), comment: z.string() })]);
const auditReport = z.object({
  missing: z.array(z.object({ row: z.string(), rule, certain: z.boolean() })),
  excess: z.array(z.object({ rule, certain: z.boolean() })),
});

const proofReport = z.object({
  ok: z.boolean(),
  devices: z.array(
    z.object({
      device: z.string(),
      direction: z.string(),
      admitted: z.number(),
      findings: z.array(
        z.object({
          kind: z.enum(['blocked', 'admitted']),
          row: z.string().optional(),
          decided: z.object({ rule: z.string() }),
        }),
      ),
    }),
  ),
});

const isCertain = ({ certain }: { readonly certain: boolean }): boolean => certain;

const nameOf = (decided: z.infer<typeof rule>): string =>
  decided === 'default' ? 'policy' : decided.id === '' ? decided.comment : decided.id;

const inOrder = (names: readonly Named[]): readonly Named[] => {
  const keyed = new Map(names.map((name) => [`${name.kind} ${name.row} ${name.rule}`, name]));
  return [...keyed].toSorted(([a], [b]) => a.localeCompare(b)).map(([, name]) => name);
};

/** The rules in force on a device, as it lists them. */
export async function rulesOf(lab: TestLab, device: string): Promise<string> {
  return (await lab.inside(device, 'nft', 'list', 'ruleset')).out;
}

/** Puts rules in the place of all others, in one transaction. */
export async function load(lab: TestLab, device: string, rules: string): Promise<void> {
  const file = join(lab.state, `${device}.nft`);
  writeFileSync(file, `flush ruleset\n${rules}`);
  const { status, err } = await lab.inside(device, 'nft', '-f', file);
  assert.equal(status, 0, err);
}

/** What the audit of the rules in force finds for certain, whatever conditions it has no model for mean. */
export async function audited(lab: TestLab, device: string): Promise<readonly Named[]> {
  const file = join(lab.state, `${device}.list`);
  writeFileSync(file, await rulesOf(lab, device));
  const words = ['firewall', 'audit', `/run/usher/labs/${lab.name}.yaml`, '--host', device];
  const { out, err } = await run(process.execPath, [usher, ...words, '--rules', file, '--json']);
  assert.notEqual(out, '', err);
  const { missing, excess } = auditReport.parse(JSON.parse(out));
  return inOrder([
    ...missing
      .filter(isCertain)
      .map((each): Named => ({ kind: 'blocked', row: each.row, rule: nameOf(each.rule) })),
    ...excess
      .filter(isCertain)
      .map((each): Named => ({ kind: 'admitted', row: undefined, rule: nameOf(each.rule) })),
  ]);
}

/**
 * What packets find, device by device; devices without a finding are left out.
 *
 * @param shut devices and directions that are to let nothing pass
 */
export async function proven(
  lab: TestLab,
  shut: readonly string[] = [],
): Promise<ReadonlyMap<string, readonly Named[]>> {
  const { out, err } = await lab.usher(['verify', '--devices', '--json']);
  assert.notEqual(out, '', err);
  const { devices } = proofReport.parse(JSON.parse(out));
  // A device that lets nothing pass would agree with a table that asks for nothing.
  for (const { device, direction, admitted } of devices) {
    const what = `${device} ${direction}`;
    assert.equal(admitted > 0, !shut.includes(what), what);
  }
  const byDevice = Map.groupBy(devices, ({ device }) => device);
  return new Map(
    [...byDevice].flatMap(([device, proofs]) => {
      const found = proofs.flatMap(({ findings }) =>
        findings.map(({ kind, row, decided }): Named => ({ kind, row, rule: decided.rule })),
      );
      return found.length === 0 ? [] : [[device, inOrder(found)] as const];
    }),
  );
}
