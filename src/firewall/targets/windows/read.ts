import {
  between,
  connectionStates,
  everyAddress,
  everyPort,
  exactly,
  joinAddresses,
  matching,
  parseAddresses,
  protocols,
  unionOf,
  unreadable,
} from '../model.ts';
import type {
  AddressSet,
  Chain,
  Interval,
  IntervalSet,
  Match,
  Rule,
  RuleFile,
  RuleSet,
  Verdict,
} from '../model.ts';
import { underMask } from '../cisco/dialect.ts';
import { icmpRange, numberIn, portRange, protocolNumber } from '../services.ts';
import { impliedForward, impliedRules } from '../stateful.ts';
import { reasonIn } from '../text.ts';
import { statesOfType, untracked } from '../neighbours.ts';
import { cmdletsOf } from './script.ts';
import type { Cmdlet } from './script.ts';

interface Known {
  readonly group: string;
  readonly direction: 'in' | 'out';
  readonly rules: readonly Rule[];
}

/** Commands that neither make nor change a rule. */
const harmless: ReadonlySet<string> = new Set(
  'import-module set-strictmode write-host write-output get-netfirewallprofile'.split(' '),
);

/** Parameters that do not narrow a rule. */
const plain: ReadonlySet<string> = new Set(
  'name displayname description group enabled direction action protocol localport remoteport icmptype localaddress remoteaddress policystore erroraction edgetraversalpolicy whatif confirm'.split(
    ' ',
  ),
);

/** Values that mean no narrowing at all. */
const isAny = (values: readonly string[]): boolean =>
  values.every((value) => /^(?:any|notrequired|notconfigured)$/iu.test(value));

/** Reads scripts of `New-NetFirewallRule`. What blocks wins, so it goes before all that allows. */
export function read(files: readonly RuleFile[]): readonly RuleSet[] {
  return files.map((file) => {
    const device = file.name.replace(/^.*\//u, '').replace(/(?:\.(?:ps1|txt))+$/u, '');
    const defaults = { in: 'drop', out: 'accept' } as Record<'in' | 'out', Verdict>;
    let known: readonly Known[] = [];
    for (const cmdlet of cmdletsOf(file)) {
      if (cmdlet.name === 'set-netfirewallprofile') tellDefaults(cmdlet, defaults);
      else known = afterwards(known, cmdlet);
    }
    const chain = (direction: 'in' | 'out'): Chain => {
      const rules = known
        .filter((each) => each.direction === direction)
        .flatMap((each) => each.rules);
      const blocks = rules.filter(({ action }) => action.kind === 'drop');
      const allows = rules.filter(({ action }) => action.kind === 'accept');
      return {
        name: direction,
        direction,
        policy: defaults[direction],
        rules: [...impliedRules(direction), ...blocks, ...allows],
      };
    };
    return { device, zones: [], chains: [chain('in'), chain('out'), impliedForward] };
  });
}

/** The rules there are after a command. */
function afterwards(known: readonly Known[], cmdlet: Cmdlet): readonly Known[] {
  const { name, parameters, pipeline, position } = cmdlet;
  if (name === 'new-netfirewallrule') {
    if (pipeline.length > 0 && pipeline.join(' ').toLowerCase() !== 'out-null') {
      throw unreadable(position, pipeline.join(' '), 'Out-Null, or nothing behind a rule');
    }
    const [stray] = parameters.get('') ?? [];
    if (stray !== undefined) throw unreadable(position, stray, 'a parameter with its name');
    const made = ruleOf(cmdlet);
    return made === undefined ? known : [...known, made];
  }
  const [group] = parameters.get('group') ?? [];
  if (name === 'remove-netfirewallrule' && group !== undefined && pipeline.length === 0) {
    return known.filter((each) => each.group !== group);
  }
  const [filter = '', field = '', operator = '', kept, then, ...more] = pipeline;
  const all = name === 'get-netfirewallrule' && more.length === 0;
  const others = [filter, field, operator, then].join(' ').toLowerCase();
  if (all && others === 'where-object group -ne disable-netfirewallrule') {
    return known.filter((each) => each.group === kept);
  }
  if (harmless.has(name) || (name === 'get-netfirewallrule' && pipeline.length === 0)) return known;
  throw unreadable(
    position,
    [name, ...pipeline].join(' '),
    'New-NetFirewallRule, Set-NetFirewallProfile',
  );
}

function tellDefaults(
  { parameters, position }: Cmdlet,
  defaults: Record<'in' | 'out', Verdict>,
): void {
  for (const direction of ['in', 'out'] as const) {
    const [value] = parameters.get(`default${direction}boundaction`) ?? [];
    if (value === undefined) continue;
    if (!/^(?:allow|block|notconfigured)$/iu.test(value)) {
      throw unreadable(position, value, 'Allow or Block');
    }
    const unset = direction === 'in' ? 'drop' : 'accept';
    defaults[direction] = /^allow$/iu.test(value)
      ? 'accept'
      : /^block$/iu.test(value)
        ? 'drop'
        : unset;
  }
  const [enabled = 'true'] = parameters.get('enabled') ?? [];
  if (!/^\$?true$/iu.test(enabled)) throw unreadable(position, enabled, 'a firewall that is on');
}

function ruleOf(cmdlet: Cmdlet): Known | undefined {
  const { parameters, position } = cmdlet;
  const one = (key: string, fallback: string): string => parameters.get(key)?.[0] ?? fallback;
  const choice = <Value>(
    key: string,
    fallback: string,
    values: Readonly<Record<string, Value>>,
  ): Value => {
    const text = one(key, fallback).toLowerCase();
    const value = Object.hasOwn(values, text) ? values[text] : undefined;
    if (value !== undefined) return value;
    throw unreadable(position, `-${key} ${text}`, Object.keys(values).join(' or '));
  };
  const direction = choice('direction', 'Inbound', { inbound: 'in', outbound: 'out' } as const);
  const verdict = choice('action', 'Allow', { allow: 'accept', block: 'drop' } as const);
  const enabled = choice('enabled', 'True', { true: true, $true: true, false: false } as const);
  if (!enabled) return undefined;
  const unknown = [...parameters]
    .filter(([key, values]) => !plain.has(key) && !isAny(values))
    .map(([key, values]) => `-${key} ${values.join(',')}`.trim());
  const sides =
    direction === 'in'
      ? (['destination', 'source'] as const)
      : (['source', 'destination'] as const);
  const base = {
    [sides[0]]: addresses(cmdlet, 'localaddress', unknown),
    [sides[1]]: addresses(cmdlet, 'remoteaddress', unknown),
  };
  const parts = transportOf(cmdlet, direction, unknown);
  const reason = reasonIn(parameters.get('description')?.[0]);
  const rules = parts.map((part): Rule => {
    const states = verdict === 'drop' ? connectionStates : part.states;
    return {
      ...reason,
      id: reason.id === '' ? one('displayname', '') : reason.id,
      match: matching({ ...base, ...part, states }),
      action: { kind: verdict },
      position,
      ...(unknown.length === 0 ? {} : { unknown }),
    };
  });
  return { group: one('group', ''), direction, rules };
}

/** Addresses, blocks, ranges and masks; words such as LocalSubnet have no model. */
function addresses({ parameters, position }: Cmdlet, key: string, unknown: string[]): AddressSet {
  const values = parameters.get(key) ?? ['Any'];
  if (isAny(values)) return everyAddress;
  const sets = values.map((value): AddressSet | undefined => {
    const [address = '', mask] = value.split('/');
    const dotted = mask !== undefined && mask.includes('.');
    const set = dotted ? underMask(address, mask) : parseAddresses(value);
    if (set === undefined && !/^[A-Za-z]\w*$/u.test(value)) {
      throw unreadable(position, value, 'an address, a block or a range');
    }
    return set;
  });
  if (!sets.includes(undefined)) return joinAddresses(sets.flatMap((set) => set ?? []));
  unknown.push(`-${key} ${values.join(',')}`);
  return everyAddress;
}

type Part = Partial<Match> & Pick<Match, 'states'>;

function transportOf(cmdlet: Cmdlet, direction: 'in' | 'out', unknown: string[]): readonly Part[] {
  const { parameters, position } = cmdlet;
  const [word = 'Any'] = parameters.get('protocol') ?? [];
  const local = ports(cmdlet, 'localport', unknown);
  const remote = ports(cmdlet, 'remoteport', unknown);
  const types = parameters.get('icmptype') ?? ['Any'];
  if (/^any$/iu.test(word)) return [{ states: ['new'] }];
  const name = word.toLowerCase();
  const number = name === 'icmpv4' ? protocols.icmp : protocolNumber(name);
  if (number === undefined) throw unreadable(position, `-Protocol ${word}`, 'a protocol or Any');
  const protocol = exactly(number);
  if (number === protocols.icmp || number === protocols.icmpv6) {
    if (isAny(types)) return [{ protocol, states: ['new'] }];
    const ranges = types.map((text) => typeIn(text, cmdlet));
    const parts = ranges.map((range) => ({
      destinationPort: [range],
      states: number === protocols.icmpv6 ? statesOfType(range) : (['new'] as const),
    }));
    const link = parts.filter(({ states }) => states.includes('untracked'));
    const others = parts.filter(({ states }) => !states.includes('untracked'));
    return [link, others]
      .filter((group) => group.length > 0)
      .map((group, index) => ({
        protocol,
        destinationPort: unionOf(group.flatMap((each) => each.destinationPort)),
        states: index === 0 && group === link ? untracked : (['new'] as const),
      }));
  }
  const [source, destination] = direction === 'in' ? [remote, local] : [local, remote];
  return [{ protocol, sourcePort: source, destinationPort: destination, states: ['new'] }];
}

function ports(
  { parameters, position }: Cmdlet,
  key: string,
  unknown: string[],
): IntervalSet<number> {
  const values = parameters.get(key) ?? ['Any'];
  if (isAny(values)) return everyPort;
  const ranges = values.map((value) => {
    const range = portRange(value);
    if (range === undefined && !/^[A-Za-z]\w*$/u.test(value)) {
      throw unreadable(position, `-${key} ${value}`, 'a port or a range of ports');
    }
    return range;
  });
  if (!ranges.includes(undefined)) return unionOf(ranges.flatMap((range) => range ?? []));
  unknown.push(`-${key} ${values.join(',')}`);
  return between(0, 65_535);
}

function typeIn(text: string, { position }: Cmdlet): Interval<number> {
  const [type, code] = text.split(':');
  const wanted = code === undefined || /^any$/iu.test(code) ? undefined : numberIn(code, 255);
  const number = numberIn(type, 255);
  const range = number === undefined ? undefined : icmpRange(number, wanted);
  if (range !== undefined && (code === undefined || wanted !== undefined || /^any$/iu.test(code))) {
    return range;
  }
  throw unreadable(position, `-IcmpType ${text}`, 'TYPE or TYPE:CODE');
}
