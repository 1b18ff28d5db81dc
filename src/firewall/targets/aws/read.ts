import { parseAddress } from '#topology';
import {
  commonAddresses,
  everyAddress,
  isEmpty,
  matching,
  parseAddresses,
  unreadable,
} from '../model.ts';
import type { AddressSet, Chain, Match, Rule, RuleFile, RuleSet } from '../model.ts';
import type { Literal } from '../literals.ts';
import { icmpRange, isIcmp, packetsOfService, protocolNumber } from '../services.ts';
import { impliedForward, impliedRules } from '../stateful.ts';
import { reasonIn } from '../text.ts';
import { blocksOf } from './terraform.ts';
import type { Block } from './terraform.ts';

/** A group and the rules that say they are its own. */
interface Group {
  readonly device: string;
  readonly own: AddressSet;
  readonly in: Rule[];
  readonly out: Rule[];
}

const kinds: ReadonlyMap<string, 'in' | 'out' | undefined> = new Map([
  ['aws_vpc_security_group_ingress_rule', 'in'],
  ['aws_vpc_security_group_egress_rule', 'out'],
  ['aws_security_group_rule', undefined],
]);

/** Reads the security groups of Terraform files; groups of one device belong together. */
export function read(files: readonly RuleFile[]): readonly RuleSet[] {
  const resources = files
    .flatMap(blocksOf)
    .filter(({ type }) => type === 'resource')
    .filter(({ labels }) => /^aws_(?:default_)?(?:vpc_)?security_group/u.test(labels[0] ?? ''));
  for (const resource of resources) refuseLoops(resource);
  const groups = new Map(
    resources
      .filter(({ labels }) => labels[0]?.endsWith('security_group') === true)
      .map((resource) => [resource.labels[1] ?? '', groupOf(resource)]),
  );
  for (const resource of resources) {
    const [kind = '', name = ''] = resource.labels;
    if (!kinds.has(kind)) continue;
    const [type] = textsOf(resource, 'type');
    const direction = kinds.get(kind) ?? (type === 'egress' ? 'out' : 'in');
    const group = groups.get(groupNamed(resource));
    if (group === undefined) {
      throw unreadable(resource.position, `${kind} ${name}`, 'a rule of a group in these files');
    }
    for (const rule of rulesOf(resource, group, direction)) group[direction].push(rule);
  }
  const devices = Map.groupBy(groups.values(), ({ device }) => device);
  return [...devices].map(([device, own]) => {
    const chain = (direction: 'in' | 'out'): Chain => ({
      name: direction,
      direction,
      policy: 'drop',
      rules: [...impliedRules(direction), ...own.flatMap((group) => group[direction])],
    });
    return { device, zones: [], chains: [chain('in'), chain('out'), impliedForward] };
  });
}

/** How many there are of a resource is not said, so what it allows is not known. */
function refuseLoops({ fields, blocks, position }: Block): void {
  const loop = ['count', 'for_each'].find((key) => fields.has(key));
  const dynamic = blocks.find(({ type }) => type === 'dynamic');
  if (loop !== undefined) throw unreadable(position, loop, 'each rule written out');
  if (dynamic !== undefined) throw unreadable(dynamic.position, 'dynamic', 'each rule written out');
}

function groupOf(resource: Block): Group {
  const { fields, labels, blocks } = resource;
  const tags = fields.get('tags');
  const tag = (key: string): string | undefined => {
    const value = tags?.kind === 'object' ? tags.fields.get(key) : undefined;
    return value?.kind === 'text' ? value.text : undefined;
  };
  const address = parseAddress(tag('usher_address') ?? '');
  const set = address === undefined ? undefined : parseAddresses(tag('usher_address') ?? '');
  const group: Group = {
    device: tag('usher_device') ?? textsOf(resource, 'name')[0] ?? labels[1] ?? '',
    own: set ?? everyAddress,
    in: [],
    out: [],
  };
  for (const block of blocks) {
    const direction = block.type === 'ingress' ? 'in' : block.type === 'egress' ? 'out' : undefined;
    if (direction === undefined) continue;
    for (const rule of rulesOf(block, group, direction)) group[direction].push(rule);
  }
  for (const key of ['ingress', 'egress']) {
    const value = fields.get(key);
    if (value !== undefined && !(value.kind === 'list' && value.items.length === 0)) {
      throw unreadable(
        { ...resource.position, line: value.line },
        `${key} =`,
        `blocks ${key} { … }`,
      );
    }
  }
  return group;
}

/** The resource of `aws_security_group.NAME.id`. */
function groupNamed({ fields }: Block): string {
  const value = fields.get('security_group_id');
  const text = value?.kind === 'expression' ? value.text : '';
  return (
    /^(?:\$\{\s*)?aws_(?:default_)?security_group\.([\w-]+)\.id(?:\s*\})?$/u.exec(text)?.[1] ?? ''
  );
}

const written = (value: Literal): string =>
  value.kind === 'list'
    ? value.items.map(written).join(' ')
    : value.kind === 'object'
      ? [...value.fields.keys()].join(' ')
      : value.text;

function textsOf({ fields }: Block, key: string): readonly string[] {
  const value = fields.get(key);
  const all = value?.kind === 'list' ? value.items : value === undefined ? [] : [value];
  return all.flatMap((each) => (each.kind === 'text' || each.kind === 'word' ? [each.text] : []));
}

const addressKeys = ['cidr_ipv4', 'cidr_ipv6', 'cidr_blocks', 'ipv6_cidr_blocks'];
const otherPeers =
  /^(?:prefix_list_ids?|referenced_security_group_id|source_security_group_id|security_groups|self)$/u;

function rulesOf(block: Block, group: Group, direction: 'in' | 'out'): readonly Rule[] {
  const { fields, position } = block;
  const unknown: string[] = [];
  const service = serviceOf(block, unknown);
  const rule = { ...reasonIn(textsOf(block, 'description')[0]), position } as const;
  const [own, peer] =
    direction === 'in'
      ? (['destination', 'source'] as const)
      : (['source', 'destination'] as const);
  const known = addressKeys.flatMap((key) => textsOf(block, key));
  const computed = [...fields].filter(
    ([key, value]) =>
      (addressKeys.includes(key) && written(value) !== textsOf(block, key).join(' ')) ||
      (otherPeers.test(key) && !/^(?:false|null|)$/u.test(written(value))),
  );
  if (known.length + computed.length === 0) {
    throw unreadable(position, 'a rule for nobody', 'cidr_ipv4, cidr_ipv6 or a group');
  }
  const sets = known.map((text) => {
    const set = text === 'any' ? undefined : parseAddresses(text);
    if (set === undefined) throw unreadable(position, text, 'an address block');
    return { set, doubts: [] as readonly string[] };
  });
  // Groups and lists of prefixes are addresses that are known elsewhere.
  const doubts = computed.map(([key, value]) => ({
    set: everyAddress,
    doubts: [`${key} = ${written(value)}`],
  }));
  return [...sets, ...doubts].flatMap(({ set, doubts: more }): Rule[] => {
    const match: Match = matching({
      ...service,
      [own]: group.own,
      [peer]: commonAddresses(set, everyAddress),
      states: ['new'],
    });
    const all = [...unknown, ...more];
    if (isEmpty(match)) return [];
    return [
      { ...rule, match, action: { kind: 'accept' }, ...(all.length === 0 ? {} : { unknown: all }) },
    ];
  });
}

/** Protocol and ports; what is computed is every one, and not known. */
function serviceOf(block: Block, unknown: string[]): Partial<Match> {
  const { fields, position } = block;
  const key = fields.has('ip_protocol') ? 'ip_protocol' : 'protocol';
  const [word] = textsOf(block, key);
  const number = (name: string): number | undefined => {
    const value = fields.get(name);
    const [text] = textsOf(block, name);
    if (value !== undefined && text === undefined) unknown.push(`${name} = ${written(value)}`);
    if (text === undefined || text === 'null') return undefined;
    if (/^(?:-1|\d{1,5})$/u.test(text) && Number(text) <= 65_535) return Number(text);
    throw unreadable(position, `${name} = ${text}`, 'a port, or -1');
  };
  const [from, to] = [number('from_port'), number('to_port')];
  if (word === undefined) {
    unknown.push(
      `${key} = ${written(fields.get(key) ?? { kind: 'text', text: 'nothing', line: 0 })}`,
    );
    return {};
  }
  if (word === '-1' || word === 'all') return {};
  const protocol = protocolNumber(word);
  if (protocol === undefined) throw unreadable(position, `${key} = ${word}`, 'a protocol or -1');
  if (!isIcmp(protocol) && from !== undefined && to !== undefined && from > to) {
    throw unreadable(position, `ports ${from} to ${to}`, 'from_port up to to_port');
  }
  const range = isIcmp(protocol)
    ? from === undefined || from < 0
      ? undefined
      : icmpRange(from, to === undefined || to < 0 ? undefined : to)
    : from === undefined || to === undefined || from < 0
      ? undefined
      : { from, until: to + 1 };
  const ported = isIcmp(protocol) || /^(?:tcp|udp|6|17)$/u.test(word);
  const { protocol: set, destinationPort } = packetsOfService({
    protocol,
    sourcePort: undefined,
    destinationPort: ported ? range : undefined,
  });
  return { protocol: set, destinationPort };
}
