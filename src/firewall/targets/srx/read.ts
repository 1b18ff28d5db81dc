import { everyAddress, everyIPv4, everyIPv6, parseAddresses, unreadable } from '../model.ts';
import type { Rule, RuleFile, RuleSet, Verdict } from '../model.ts';
import { Book } from '../book.ts';
import { commandsOf, listAt } from '../commands.ts';
import type { Command } from '../commands.ts';
import { finalRule, rulesOfPolicy } from '../policies.ts';
import type { Books, PolicyText } from '../policies.ts';
import { chainOfList } from '../stateful.ts';
import { Applications, tellBuiltIn } from './applications.ts';

/** What a policy has been told so far. */
interface Telling {
  readonly name: string;
  readonly position: Command['position'];
  readonly zones: readonly [from: string, to: string] | undefined;
  readonly match: Map<string, string[]>;
  readonly other: string[];
  description?: string;
  verdict?: Verdict;
  inactive?: true;
}

const verdicts: ReadonlyMap<string, Verdict> = new Map([
  ['permit', 'accept'],
  ['deny', 'drop'],
  ['reject', 'reject'],
]);

/** Reads set commands, as `show configuration | display set` prints them. */
export function read(files: readonly RuleFile[]): readonly RuleSet[] {
  return files.map((file) => {
    const device = file.name.replace(/^.*\//u, '').replace(/(?:\.(?:srx|set|conf|txt))+$/u, '');
    return { device, zones: [], chains: [chainOfList('forward', new Configuration(file).rules())] };
  });
}

class Configuration {
  readonly #books: Books = { addresses: new Book(), services: new Book() };
  readonly #applications = new Applications();
  readonly #policies = new Map<string, Telling>();
  /** Which address book describes a name; one name in two books is two things. */
  readonly #homes = new Map<string, string>();
  #default: Verdict = 'drop';

  constructor(file: RuleFile) {
    this.#books.addresses.set('any', everyAddress);
    this.#books.addresses.set('any-ipv4', everyIPv4);
    this.#books.addresses.set('any-ipv6', everyIPv6);
    tellBuiltIn(this.#books.services);
    const verbs = new Set(['set', 'delete', 'deactivate', 'activate']);
    for (const command of commandsOf(file, verbs)) this.#tell(command);
    this.#applications.into(this.#books.services);
  }

  /** Policies between zones come before global ones, each in their order. */
  rules(): readonly Rule[] {
    const all = [...this.#policies.values()].filter(({ inactive }) => inactive !== true);
    const zoned = all.filter(({ zones }) => zones !== undefined);
    const global = all.filter(({ zones }) => zones === undefined);
    const rules = [...zoned, ...global].flatMap((telling) =>
      rulesOfPolicy(policyOf(telling), this.#books),
    );
    return this.#default === 'drop' ? rules : [...rules, finalRule(this.#default)];
  }

  #tell(command: Command): void {
    const { verb, words, position } = command;
    const [first = '', second = '', third = ''] = words;
    const policies = first === 'security' && second === 'policies';
    if (verb === 'delete' && policies && words.length === 2) this.#policies.clear();
    else if (verb !== 'set') {
      const [policy] = policies ? this.#policyAt(command) : [];
      if (policy !== undefined && verb === 'deactivate') policy.inactive = true;
      else if (policies || first === 'applications' || second === 'address-book') {
        throw unreadable(position, [verb, ...words].join(' '), 'set, or deactivate of a policy');
      }
    } else if (policies && third === 'default-policy') {
      this.#default = words[3] === 'permit-all' ? 'accept' : 'drop';
    } else if (policies) {
      const [policy, at] = this.#policyAt(command);
      if (policy !== undefined) tellPolicy(policy, command, at);
    } else if (first === 'security' && second === 'address-book') {
      this.#tellAddress(command, third, 3);
    } else if (first === 'security' && second === 'zones' && words[4] === 'address-book') {
      this.#tellAddress(command, `zone ${words[3] ?? ''}`, 5);
    } else if (first === 'applications' && second === 'application') {
      this.#applications.tell(command, 2);
    } else if (first === 'applications' && second === 'application-set' && words.length >= 5) {
      this.#books.services.group(third, listAt(command, 4).members);
    }
  }

  /** The policy a command is about, and where it goes on; none for settings of all policies. */
  #policyAt({ words, position }: Command): readonly [Telling | undefined, number] {
    const global = words[2] === 'global';
    const [, , , from = '', to, zone = ''] = words;
    const zoned = words[2] === 'from-zone' && to === 'to-zone';
    const at = global ? 3 : 6;
    if ((!global && !zoned) || words[at] !== 'policy') return [undefined, at];
    const name = words[at + 1];
    if (name === undefined) throw unreadable(position, 'the end of the line', 'a policy');
    const key = words.slice(2, at + 2).join(' ');
    const zones = global ? undefined : ([from, zone] as const);
    const policy = this.#policies.get(key) ?? {
      name,
      position,
      zones,
      match: new Map(),
      other: [],
    };
    this.#policies.set(key, policy);
    return [policy, at + 2];
  }

  #tellAddress({ words, position }: Command, home: string, at: number): void {
    const [kind = '', name = '', ...rest] = words.slice(at);
    if (kind !== 'address' && kind !== 'address-set') return;
    const book = this.#books.addresses;
    if ((this.#homes.get(name) ?? home) !== home) book.doubt(name);
    this.#homes.set(name, home);
    const [first = '', second = '', word, last = ''] = rest;
    if (kind === 'address-set') {
      if (first === 'address' || first === 'address-set') book.group(name, [second]);
    } else if (first === 'range-address') {
      const set = word === 'to' ? parseAddresses(`${second}-${last}`) : undefined;
      if (set === undefined)
        throw unreadable(position, rest.join(' '), 'range-address LOW to HIGH');
      book.set(name, set);
    } else if (first === 'dns-name' || first === 'wildcard-address') book.doubt(name);
    else if (first !== 'description') {
      const set = first === 'any' ? undefined : parseAddresses(first);
      if (set === undefined) throw unreadable(position, first, 'an address or a block');
      book.set(name, set);
    }
  }
}

function tellPolicy(policy: Telling, command: Command, at: number): void {
  const { words, position } = command;
  const [part = '', key = ''] = words.slice(at);
  if (part === 'description') policy.description = key;
  else if (part === 'match') {
    const known = policy.match.get(key) ?? [];
    const flag = key.endsWith('-excluded');
    const members = flag ? ['yes'] : listAt(command, at + 2).members;
    for (const member of members) known.push(member);
    policy.match.set(key, known);
  } else if (part === 'then') {
    const verdict = verdicts.get(key);
    if (verdict !== undefined) policy.verdict = verdict;
    else if (key !== 'log' && key !== 'count') policy.other.push(words.slice(at).join(' '));
  } else if (part !== '') {
    if (part !== 'scheduler-name') throw unreadable(position, part, 'match, then, description');
    policy.other.push(words.slice(at).join(' '));
  }
}

function policyOf({
  name,
  position,
  zones,
  match,
  other,
  description,
  verdict,
}: Telling): PolicyText {
  if (verdict === undefined) {
    throw unreadable(position, `policy ${name} without an action`, 'then permit, deny or reject');
  }
  const list = (key: string): readonly string[] => match.get(key) ?? [];
  const known =
    /^(?:source-address|destination-address|application|from-zone|to-zone)(?:-excluded)?$/u;
  const unknown = [...match]
    .filter(([key, values]) => !known.test(key) && !values.every((value) => value === 'any'))
    .map(([key, values]) => `match ${key} ${values.join(' ')}`);
  const inZones = (key: string, own: string | undefined): readonly string[] => {
    const all = own === undefined ? list(key) : [own];
    return all.includes('any') ? [] : all;
  };
  const negated = (['source', 'destination'] as const).filter((side) =>
    match.has(`${side}-address-excluded`),
  );
  return {
    name,
    position,
    comment: description,
    from: inZones('from-zone', zones?.[0]),
    to: inZones('to-zone', zones?.[1]),
    source: list('source-address'),
    destination: list('destination-address'),
    services: list('application'),
    negated: new Set(negated),
    verdict,
    unknown: [...other, ...unknown],
  };
}
