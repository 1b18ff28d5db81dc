import { z } from 'zod';
import type { UsherError } from '#base';
import { unreadable } from '../model/index.ts';
import type { RuleFile } from '../model/index.ts';
import { certificateFormat, packetFields } from '../audit/certificate.ts';
import type { Certificate, CertifiedRegion, Cut } from '../audit/certificate.ts';

/** A value is a number, a text, or as `{"address": "…"}` a decimal number that may have 128 bits. */
const value = z.union([
  z.int().min(0).max(65_536),
  z.string().max(100),
  z
    .strictObject({ address: z.string().regex(/^\d{1,39}$/u) })
    .transform(({ address }) => BigInt(address)),
]);

const decider = z.strictObject({
  verdict: z.literal(['accept', 'drop', 'reject']),
  chain: z.int().min(0).exactOptional(),
  rule: z.int().min(0).exactOptional(),
  name: z.string().exactOptional(),
});

const place = z.int().min(-1);

const cut = z
  .strictObject({ cut: z.literal(packetFields), at: value })
  .transform(({ cut: field, at }) => ({ field: packetFields.indexOf(field), at }));

const region = z.strictObject({ asked: place, strict: place, generous: place });

const certificate = z.strictObject({
  format: z.literal(certificateFormat),
  device: z.string(),
  directions: z.array(
    z.strictObject({
      direction: z.literal(['in', 'out', 'forward']),
      asked: z.array(decider),
      inForce: z.array(decider),
      nodes: z.array(z.union([region, cut])),
    }),
  ),
});

const nodeText = (node: Cut | CertifiedRegion): string =>
  'field' in node
    ? JSON.stringify({
        cut: packetFields[node.field],
        at: typeof node.at === 'bigint' ? { address: String(node.at) } : node.at,
      })
    : JSON.stringify(node);

/** A certificate as JSON, one cut or region a line. */
export function printCertificate({ format, device, directions }: Certificate): string {
  const parts = directions.map(({ direction, asked, inForce, nodes }) => {
    const head = Object.entries({ direction, asked, inForce }).map(
      ([key, about]) => `   ${JSON.stringify(key)}: ${JSON.stringify(about)},\n`,
    );
    const lines = nodes.map((node) => `    ${nodeText(node)}`);
    return `  {\n${head.join('')}   "nodes": [\n${lines.join(',\n')}\n   ]\n  }`;
  });
  const head = ` "format": ${JSON.stringify(format)},\n "device": ${JSON.stringify(device)},`;
  return `{\n${head}\n "directions": [\n${parts.join(',\n')}\n ]\n}\n`;
}

/**
 * Reads a certificate back; whether it is right is another question.
 *
 * @throws UsherError `USHER_RULES_UNREADABLE` with file and what was met
 */
export function parseCertificate({ name: file, content }: RuleFile): Certificate {
  const fault = (met: string): UsherError =>
    unreadable(
      { file, line: 1 },
      met,
      'a certificate as usher firewall audit --certificate writes it',
    );
  let told: unknown;
  try {
    told = JSON.parse(content);
  } catch (error) {
    throw fault(error instanceof Error ? error.message : 'no JSON');
  }
  const result = certificate.safeParse(told);
  if (result.success) {
    const { format, device, directions } = result.data;
    return { format, device, directions };
  }
  const [issue] = result.error.issues;
  throw fault(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? ''}`);
}
