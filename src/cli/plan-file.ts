import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeFault, messageOf, UsherError, type Text } from '#base';
import { loadPlan, type Plan } from '#ports';
import type { CliContext } from './context.ts';

const texts = {
  unreadable: (file: string): Text => ({
    en: `cannot read the topology ${file}`,
    de: `die Topologie ${file} ist nicht lesbar`,
  }),
  unreadableRemedy: {
    en: 'Name an existing file, or write one with: usher init --out topology.yaml',
    de: 'Eine vorhandene Datei nennen oder eine schreiben: usher init --out topology.yaml',
  },
  faults: (count: number): Text => ({
    en: count === 1 ? 'the topology has a fault:' : `the topology has ${count} faults:`,
    de: count === 1 ? 'die Topologie hat einen Fehler:' : `die Topologie hat ${count} Fehler:`,
  }),
  faultsRemedy: {
    en: 'Mend the places named; docs/topology.md explains every key.',
    de: 'Die genannten Stellen berichtigen; docs/topology.md erklärt jeden Schlüssel.',
  },
  offset: {
    en: 'the port offset is a whole number from 0 to 15000',
    de: 'der Portversatz ist eine ganze Zahl von 0 bis 15000',
  },
} as const;

/** The commented reference deployment that ships with Usher. */
export const contosoFile = fileURLToPath(new URL('../../examples/contoso.yaml', import.meta.url));

/**
 * The topology file a command means when none is named: `./topology.yaml`, or the reference
 * deployment for commands that may fall back to it.
 */
export function defaultTopology(options: { orContoso: boolean }): string {
  return options.orContoso && !existsSync('topology.yaml') ? contosoFile : 'topology.yaml';
}

/** Reads `--port-offset`; flags win over `USHER_PORT_OFFSET`. */
export function readPortOffset(context: CliContext, flag: string | undefined): number {
  const text = flag ?? context.environment['USHER_PORT_OFFSET'] ?? '0';
  const offset = /^\d{1,5}$/u.test(text) ? Number(text) : Number.NaN;
  if (Number.isInteger(offset) && offset <= 15_000) return offset;
  throw new UsherError('USHER_USAGE', `--port-offset ${text}`, {
    remedy: texts.offset[context.language],
  });
}

/**
 * Reads a topology file into a plan.
 *
 * @throws UsherError `USHER_TOPOLOGY` naming every fault with file, line and column; exit status 2
 */
export function readPlan(context: CliContext, file: string, portOffset = 0): Plan {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const message = `${texts.unreadable(file)[context.language]}: ${messageOf(error)}`;
    throw new UsherError('USHER_TOPOLOGY', message, {
      remedy: texts.unreadableRemedy[context.language],
      cause: error,
    });
  }
  const loaded = loadPlan(text, file, { portOffset });
  if (loaded.ok) return loaded.plan;
  const lines = loaded.faults.map((fault) => `  ${describeFault(fault)}`);
  const head = texts.faults(lines.length)[context.language];
  throw new UsherError('USHER_TOPOLOGY', `${head}\n${lines.join('\n')}`, {
    remedy: texts.faultsRemedy[context.language],
  });
}
