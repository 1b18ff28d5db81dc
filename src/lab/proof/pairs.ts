import { familyOf } from '#topology';
import type { Plan } from '#ports';
import type { PairFinding, PairsProof } from '#proof';
import type { Probe } from '#firewall';
import type { Agent } from '../agent/agent.ts';
import { namespaceOf, Paths } from '../plan/index.ts';
import type { LabNetwork, Marks, Station } from '../plan/index.ts';
import { countOf, emitAll, seenBy } from './devices.ts';
import { keyOf } from './observer.ts';

const everyPort = [[1, 65_535]] as const;

/** Addresses connections of a station start from: of each interface the first of each family. */
const sourcesOf = ({ ports }: Station): readonly string[] =>
  ports.flatMap(({ addresses }) =>
    [...Map.groupBy(addresses, familyOf).values()].flatMap((own) => own.slice(0, 1)),
  );

/** Everything that can be asked for: addresses of hosts, not those of people. */
const goalsOf = (network: LabNetwork): readonly Station[] =>
  network.stations.filter(({ host }) => host !== undefined);

/**
 * Sends a packet to every TCP port of every address of all other hosts, from one station. Every one of
 * them was seen to leave; which of them arrive, their observers tell (`comparePairs`).
 *
 * @returns packets sent
 * @throws UsherError `USHER_LAB_LOST`
 */
export async function sweepFrom(
  lab: string,
  network: LabNetwork,
  station: Station,
  agent: Agent,
  marks: Marks,
): Promise<number> {
  const goals = goalsOf(network).filter(({ name }) => name !== station.name);
  return await emitAll(
    agent,
    {
      mark: marks.sweep,
      protocols: ['tcp'],
      sources: sourcesOf(station),
      destinations: goals.flatMap(({ ports }) => ports.flatMap(({ addresses }) => addresses)),
      ports: everyPort,
    },
    () => countOf(namespaceOf(lab, station.name), 'left'),
  );
}

/**
 * Compares what arrived behind every host's filter with the port table.
 *
 * @param sweepers those who have sent
 * @param probed packets they have sent together
 */
export async function comparePairs(
  lab: string,
  network: LabNetwork,
  plan: Plan,
  sweepers: readonly Station[],
  probed: number,
): Promise<PairsProof> {
  const paths = new Paths(plan, network);
  const known = [...new Set(plan.flows.map(({ port }) => port))];
  const findings: PairFinding[] = [];
  let pairs = 0;
  let admitted = 0;
  for (const to of goalsOf(network)) {
    const { passed } = await seenBy(namespaceOf(lab, to.name));
    const swept = passed['swept'] ?? new Set<string>();
    admitted += swept.size;
    const wanted = new Set<string>();
    for (const from of sweepers) {
      if (from.name === to.name) continue;
      for (const source of sourcesOf(from)) {
        for (const destination of to.ports.flatMap(({ addresses }) => addresses)) {
          if (source.includes(':') !== destination.includes(':')) continue;
          pairs += 1;
          for (const port of known) {
            const packet: Probe = { source, destination, protocol: 'tcp', port };
            const row = paths.rowOf(from, to, packet);
            if (row === undefined) continue;
            wanted.add(keyOf(packet));
            if (swept.has(keyOf(packet))) continue;
            findings.push({ kind: 'blocked', row, from: from.name, to: to.name, packet });
          }
        }
      }
    }
    for (const key of swept) {
      if (wanted.has(key)) continue;
      const [source = '', destination = '', , port = ''] = key.split(' ');
      const from = sweepers.find((each) => sourcesOf(each).includes(source));
      const packet: Probe = { source, destination, protocol: 'tcp', port: Number(port) };
      findings.push({
        kind: 'admitted',
        row: undefined,
        from: from?.name ?? source,
        to: to.name,
        packet,
      });
    }
  }
  return { pairs, probed, admitted, findings };
}
