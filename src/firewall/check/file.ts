import { z } from 'zod';
import type { UsherError } from '#base';
import { unreadable } from '../model/index.ts';
import type { RuleFile } from '../model/index.ts';
import { boxFields, certificateFormat } from '../audit/certificate.ts';
import type { Certificate } from '../audit/certificate.ts';

const number = z.int().min(0).max(65_536);
const address = z
  .string()
  .regex(/^\d{1,39}$/u)
  .transform(BigInt);
const name = z.string().max(100);
/** In the order of `boxFields`; an address is a decimal number, in quotation marks because it may have 128 bits. */
const corner = z.tuple([address, number, address, number, number, number, name, name]);

const decider = z.strictObject({
  verdict: z.literal(['accept', 'drop', 'reject']),
  chain: z.int().min(0).exactOptional(),
  rule: z.int().min(0).exactOptional(),
  name: z.string().exactOptional(),
});

const place = z.int().min(-1);

const region = z
  .strictObject({
    family: z.literal([4, 6]),
    low: corner,
    high: corner,
    asked: place,
    strict: place,
    generous: place,
  })
  .transform(({ family, low, high, ...deciders }) => ({ box: { family, low, high }, ...deciders }));

const certificate = z.strictObject({
  format: z.literal(certificateFormat),
  device: z.string(),
  fields: z.array(z.string()).refine((names) => names.join() === boxFields.join()),
  directions: z.array(
    z.strictObject({
      direction: z.literal(['in', 'out', 'forward']),
      asked: z.array(decider),
      inForce: z.array(decider),
      regions: z.array(region),
    }),
  ),
});

const plain = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each));

/** A certificate as JSON, one region a line. */
export function printCertificate({ format, device, directions }: Certificate): string {
  const parts = directions.map(({ direction, asked, inForce, regions }) => {
    const lines = regions.map(({ box, ...deciders }) => `    ${plain({ ...box, ...deciders })}`);
    const head = `   "direction": ${plain(direction)},\n   "asked": ${plain(asked)},\n   "inForce": ${plain(inForce)},`;
    return `  {\n${head}\n   "regions": [\n${lines.join(',\n')}\n   ]\n  }`;
  });
  const head = ` "format": ${plain(format)},\n "device": ${plain(device)},\n "fields": ${plain(boxFields)},`;
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
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw fault(error instanceof Error ? error.message : 'no JSON');
  }
  const result = certificate.safeParse(value);
  if (result.success) {
    const { format, device, directions } = result.data;
    return { format, device, directions };
  }
  const [issue] = result.error.issues;
  throw fault(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? ''}`);
}
