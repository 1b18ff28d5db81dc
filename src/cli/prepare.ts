import { mkdirSync } from 'node:fs';
import type { Plan } from '#ports';
import { ensurePki, poolSecret } from '#trust';
import type { CliContext } from './context.ts';
import { texts } from './messages/up.ts';

/** Certificates and secret; what exists stays. */
export async function prepare(
  context: CliContext,
  plan: Plan,
  stateDirectory: string,
  say: (text: string) => void,
): Promise<void> {
  const text = texts(context.language);
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  const report = await ensurePki(stateDirectory, plan.topology, new Date());
  if (report.issued.length > 0) say(text.certificates(report.issued.length));
  for (const { fqdn, state } of report.kept) context.complain(text.kept(fqdn, state));
  await poolSecret(stateDirectory);
}
