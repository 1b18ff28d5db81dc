import { isMap, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { ParsedNode, Document } from 'yaml';
import {
  addressesOf,
  addressesWithout,
  between,
  commonAddresses,
  everyAddress,
  isEmpty,
  matching,
  parseAddresses,
  protocols,
  exactly,
  unreadable,
} from '../model.ts';
import type { AddressSet, Chain, Match, Position, Rule, RuleFile, RuleSet } from '../model.ts';
import { impliedForward, impliedRules } from '../stateful.ts';
import { keys } from './limits.ts';
import { policySchema } from './schema.ts';
import type { NetworkPolicy, Peer, Port, Selector } from './schema.ts';

interface Policy {
  readonly policy: NetworkPolicy;
  readonly position: Position;
}

/** Pods that are selected alike; the API knows nothing of hosts. */
interface Pods {
  readonly device: string;
  readonly selector: Selector;
  readonly namespace: string;
  readonly policies: readonly Policy[];
}

/** Reads NetworkPolicies; other objects in the files are not looked at. */
export function read(files: readonly RuleFile[]): readonly RuleSet[] {
  const policies = files.flatMap(policiesIn);
  const groups = [...Map.groupBy(policies, keyOf).values()].map(podsOf);
  const devices = Map.groupBy(groups, ({ device }) => device);
  return [...devices].map(([device, own]) => {
    const chain = (direction: 'in' | 'out'): Chain => {
      const parts = own.map((pods) => partOf(pods, groups, direction));
      return {
        name: direction,
        direction,
        policy: parts.every(({ isolated }) => isolated) ? 'drop' : 'accept',
        rules: [...impliedRules(direction), ...parts.flatMap(({ rules }) => rules)],
      };
    };
    return { device, zones: [], chains: [chain('in'), chain('out'), impliedForward] };
  });
}

function policiesIn({ name: file, content }: RuleFile): readonly Policy[] {
  const counter = new LineCounter();
  const place = (offset: number): Position => ({
    file,
    line: Math.max(1, counter.linePos(offset).line),
  });
  const documents = parseAllDocuments(content, { lineCounter: counter });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document: Document.Parsed): readonly Policy[] => {
    const [fault] = document.errors;
    if (fault !== undefined) throw unreadable(place(fault.pos[0]), fault.code, 'YAML');
    return objectsIn(document.contents).flatMap((node): Policy[] => {
      const position = place(node.range[0]);
      const value: unknown = valueOf(document, node, position);
      const kind = kindOf(value);
      // Policies of other kinds may refuse what these allow.
      if (kind !== 'NetworkPolicy') {
        if (!kind.endsWith('NetworkPolicy')) return [];
        throw unreadable(position, kind, 'NetworkPolicy of networking.k8s.io/v1');
      }
      const checked = policySchema.safeParse(value);
      if (checked.success) return [{ policy: checked.data, position }];
      const [issue] = checked.error.issues;
      const path = issue?.path.map(String).join('.') ?? '';
      throw unreadable(position, path, issue?.message ?? 'a NetworkPolicy');
    });
  });
}

function valueOf(document: Document.Parsed, node: ParsedNode, position: Position): unknown {
  try {
    return node.toJS(document, { maxAliasCount: 100 });
  } catch {
    throw unreadable(position, 'an alias', 'values written out');
  }
}

const kindOf = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string'
    ? value.kind
    : '';

/** The objects of a document; of a List those in it. */
function objectsIn(contents: ParsedNode | null): readonly ParsedNode[] {
  if (!isMap(contents)) return [];
  const [kind, items]: readonly unknown[] = [contents.get('kind'), contents.get('items', true)];
  return kind === 'List' && isSeq<ParsedNode>(items) ? items.items : [contents];
}

/** The device a policy says it is of, or the pods it selects. */
function keyOf({ policy: { metadata, spec } }: Policy): string {
  const { annotations = {}, namespace = '' } = metadata;
  const own = [annotations[keys.host] ?? '', annotations[keys.address] ?? ''];
  return JSON.stringify([namespace, ...own, spec.podSelector]);
}

function podsOf(policies: readonly Policy[]): Pods {
  const [first] = policies;
  const metadata = first?.policy.metadata;
  const selector = first?.policy.spec.podSelector ?? {};
  return {
    device: metadata?.annotations?.[keys.host] ?? selectorText(selector),
    namespace: metadata?.namespace ?? '',
    selector,
    policies,
  };
}

function selectorText({ matchLabels = {}, matchExpressions = [] }: Selector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const others = matchExpressions.map(({ key, operator, values = [] }) =>
    [key, operator, ...values].join(' '),
  );
  return [...labels, ...others].join(',') || 'all pods';
}

type Relation = 'always' | 'never' | 'perhaps';

/** Whether pods of the first selector are also selected by the second. */
function relation(a: Selector, b: Selector): Relation {
  const { matchLabels: mine = {} } = a;
  const { matchLabels: other = {}, matchExpressions = [] } = b;
  const apart = Object.entries(other).some(([key, value]) => (mine[key] ?? value) !== value);
  if (apart) return 'never';
  const within = Object.entries(other).every(([key, value]) => mine[key] === value);
  return within && matchExpressions.length === 0 ? 'always' : 'perhaps';
}

/** What applies to some pods: their own policies, and others that select them, surely or perhaps. */
function partOf(
  pods: Pods,
  all: readonly Pods[],
  direction: 'in' | 'out',
): { readonly isolated: boolean; readonly rules: readonly Rule[] } {
  const own = addressOf(pods);
  let isolated = false;
  const rules: Rule[] = [];
  for (const other of all) {
    if (other.namespace !== pods.namespace) continue;
    const related = other === pods ? 'always' : relation(pods.selector, other.selector);
    if (related === 'never') continue;
    for (const each of other.policies) {
      if (!typesOf(each.policy).includes(direction)) continue;
      isolated ||= related === 'always';
      const doubt = related === 'always' ? [] : [`podSelector ${selectorText(other.selector)}`];
      for (const rule of rulesOf(each, direction, own, doubt)) rules.push(rule);
    }
  }
  return { isolated, rules };
}

function addressOf({ policies }: Pods): AddressSet {
  const text = policies[0]?.policy.metadata.annotations?.[keys.address] ?? '';
  const set = text === 'any' ? undefined : parseAddresses(text);
  return set === undefined ? everyAddress : commonAddresses(set, everyAddress);
}

function typesOf({ spec }: NetworkPolicy): readonly ('in' | 'out')[] {
  const { policyTypes = spec.egress === undefined ? ['Ingress'] : ['Ingress', 'Egress'] } = spec;
  return policyTypes.map((type) => (type === 'Ingress' ? 'in' : 'out'));
}

function rulesOf(
  { policy, position }: Policy,
  direction: 'in' | 'out',
  own: AddressSet,
  doubt: readonly string[],
): readonly Rule[] {
  const { annotations = {}, name } = policy.metadata;
  const { ingress = [], egress = [] } = policy.spec;
  const entries =
    direction === 'in'
      ? ingress.map(({ from, ports }) => ({ peers: from, ports }))
      : egress.map(({ to, ports }) => ({ peers: to, ports }));
  const comment = annotations[keys.reason];
  const id = annotations[keys.row] ?? (annotations[keys.host] === undefined ? name : '');
  const [ownSide, peerSide] =
    direction === 'in'
      ? (['destination', 'source'] as const)
      : (['source', 'destination'] as const);
  return entries.flatMap(({ peers, ports }) =>
    // An empty list is as good as none: anybody, any port.
    sidesOf(peers, position).flatMap((side) =>
      servicesOf(ports, position).flatMap((service): Rule[] => {
        const match = matching({
          ...service.fields,
          [ownSide]: own,
          [peerSide]: side.set,
          states: ['new'],
        });
        const unknown = [...doubt, ...side.unknown, ...service.unknown];
        if (isEmpty(match)) return [];
        return [
          {
            id,
            ...(comment === undefined ? {} : { comment }),
            match,
            action: { kind: 'accept' },
            position,
            ...(unknown.length === 0 ? {} : { unknown }),
          },
        ];
      }),
    ),
  );
}

interface Side {
  readonly set: AddressSet;
  readonly unknown: readonly string[];
}

function sidesOf(peers: readonly Peer[] | undefined, position: Position): readonly Side[] {
  if (peers === undefined || peers.length === 0) return [{ set: everyAddress, unknown: [] }];
  const blocks = peers.flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : [ipBlock]));
  const sets = blocks.map(({ cidr, except = [] }) => {
    for (const text of [cidr, ...except]) {
      if (!text.includes('/') || parseAddresses(text) === undefined) {
        throw unreadable(position, text, 'an address block');
      }
    }
    return addressesWithout(addressesOf([cidr]), addressesOf(except));
  });
  const selected = peers.filter(({ ipBlock }) => ipBlock === undefined);
  const written = selected.map(({ namespaceSelector, podSelector }) =>
    [
      ...(namespaceSelector === undefined ? [] : [`namespaces ${selectorText(namespaceSelector)}`]),
      ...(podSelector === undefined ? [] : [`pods ${selectorText(podSelector)}`]),
    ].join(' '),
  );
  return [
    ...sets.map((set) => ({ set, unknown: [] })),
    ...written.map((each) => ({ set: everyAddress, unknown: [each] })),
  ];
}

interface ServiceFields {
  readonly fields: Partial<Match>;
  readonly unknown: readonly string[];
}

const numbers = { TCP: protocols.tcp, UDP: protocols.udp, SCTP: protocols.sctp } as const;

function servicesOf(
  ports: readonly Port[] | undefined,
  position: Position,
): readonly ServiceFields[] {
  if (ports === undefined || ports.length === 0) return [{ fields: {}, unknown: [] }];
  return ports.map(({ protocol, port, endPort }) => {
    const fields = { protocol: exactly(numbers[protocol]) };
    if (port === undefined && endPort === undefined) return { fields, unknown: [] };
    if (typeof port !== 'number') {
      if (endPort !== undefined) throw unreadable(position, `endPort ${endPort}`, 'port by number');
      return { fields, unknown: [`port ${port ?? ''}`] };
    }
    const last = endPort ?? port;
    if (last < port) throw unreadable(position, `ports ${port} to ${last}`, 'port up to endPort');
    return { fields: { ...fields, destinationPort: between(port, last) }, unknown: [] };
  });
}
