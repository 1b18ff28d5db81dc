import {
  everyAddress,
  exactly,
  matching,
  parseAddresses,
  protocols,
  unionOf,
  unreadable,
} from '../model.ts';
import type { IntervalSet, Match, Rule, RuleFile, RuleSet, Verdict } from '../model.ts';
import { Book } from '../book.ts';
import { commandsOf, listAt } from '../commands.ts';
import type { Command } from '../commands.ts';
import { rulesOfPolicy } from '../policies.ts';
import type { Books, PolicyText } from '../policies.ts';
import { portRange } from '../services.ts';
import { chainOfList } from '../stateful.ts';

/** What a rule has been told so far, by the words of PAN-OS. */
interface Telling {
  readonly name: string;
  readonly position: Command['position'];
  readonly lists: Map<string, string[]>;
}

const verdicts: ReadonlyMap<string, Verdict> = new Map([
  ['allow', 'accept'],
  ['deny', 'drop'],
  ['drop', 'drop'],
  ['reset-client', 'reject'],
  ['reset-server', 'reject'],
  ['reset-both', 'reject'],
]);

/** What a rule says besides its packets, or says with `any` alone without narrowing them. */
const harmless =
  /^(?:action|log-end|log-start|log-setting|description|tag|group-tag|profile-setting|rule-type|disabled|from|to|source|destination|service|application|negate-source|negate-destination|uuid|target|option)$/u;

/** Reads set commands, as `show` prints them with `set cli config-output-format set`. */
export function read(files: readonly RuleFile[]): readonly RuleSet[] {
  return files.map((file) => {
    const device = file.name.replace(/^.*\//u, '').replace(/(?:\.(?:panos|set|conf|txt))+$/u, '');
    return { device, zones: [], chains: [chainOfList('forward', rulesIn(file), intrazone)] };
  });
}

/** Without a rule that decides, packets within a zone pass, those between zones do not. */
const intrazone: readonly Rule[] = [
  {
    id: 'intrazone-default',
    match: matching({ states: ['new'] }),
    action: { kind: 'accept' },
    unknown: ['from and to the same zone'],
  },
];

function rulesIn(file: RuleFile): readonly Rule[] {
  const books: Books = { addresses: new Book(), services: new Book() };
  books.addresses.set('any', everyAddress);
  books.services.set('any', matching({}));
  const rules = new Map<string, Telling>();
  for (const command of commandsOf(file, new Set(['set', 'delete']))) {
    // Objects may be shared or of one virtual system, rules before or after those of Panorama.
    const at = placeOf(command);
    const [kind = '', name = ''] = command.words.slice(at);
    if (command.verb === 'delete') {
      if (kind === 'rulebase' && command.words.length === at + 3) rules.clear();
      else if (/^(?:rulebase|address|address-group|service|service-group)$/u.test(kind)) {
        throw unreadable(
          command.position,
          command.words.join(' '),
          'delete rulebase security rules',
        );
      }
    } else if (kind === 'rulebase') tellRule(rules, command, at + 1);
    else if (/^(?:pre|post)-rulebase$|^default-security-rules$/u.test(kind)) {
      throw unreadable(command.position, kind, 'rules of the firewall itself: rulebase');
    } else if (kind === 'address') tellAddress(books, command, name, at + 2);
    else if (kind === 'address-group') tellGroup(books.addresses, command, name, at + 2);
    else if (kind === 'service') tellService(books, command, name, at + 2);
    else if (kind === 'service-group') tellGroup(books.services, command, name, at + 2);
  }
  return [...rules.values()].flatMap((telling) => {
    const policy = policyOf(telling);
    if (policy === undefined) return [];
    for (const text of [...policy.source, ...policy.destination]) tellLiteral(books, text);
    return rulesOfPolicy(policy, books);
  });
}

/** A rule may name addresses, blocks and ranges without objects. */
function tellLiteral({ addresses }: Books, text: string): void {
  const set = addresses.has(text) ? undefined : parseAddresses(text);
  if (set !== undefined) addresses.set(text, set);
}

function placeOf({ words }: Command): number {
  if (words[0] === 'shared') return 1;
  return words[0] === 'vsys' || words[0] === 'device-group' ? 2 : 0;
}

/** `rulebase security rules NAME` and any number of `KEY VALUES`. */
function tellRule(rules: Map<string, Telling>, command: Command, start: number): void {
  const { words, position } = command;
  // Rules for NAT, decryption and quality of service are no filter.
  if (words[start] !== 'security' || words[start + 1] !== 'rules') return;
  const name = words[start + 2];
  if (name === undefined) throw unreadable(position, 'the end of the line', 'the name of a rule');
  const telling = rules.get(name) ?? { name, position, lists: new Map<string, string[]>() };
  rules.set(name, telling);
  for (let at = start + 3; at < words.length;) {
    const key = words[at] ?? '';
    const { members, end } = listAt(command, at + 1);
    const known = telling.lists.get(key) ?? [];
    for (const member of members) known.push(member);
    telling.lists.set(key, known);
    // What belongs to these two has words of its own.
    at = key === 'profile-setting' || key === 'option' ? words.length : end;
  }
}

function tellAddress(books: Books, command: Command, name: string, at: number): void {
  const { words, position } = command;
  const [kind = '', value = ''] = words.slice(at);
  if (kind === 'ip-netmask' || kind === 'ip-range') {
    const set = value === 'any' ? undefined : parseAddresses(value);
    if (set === undefined) throw unreadable(position, value, 'an address, a block or a range');
    books.addresses.set(name, set);
  } else if (kind !== 'description' && kind !== 'tag') books.addresses.doubt(name);
}

function tellGroup(book: Book<unknown>, command: Command, name: string, at: number): void {
  const [kind = ''] = command.words.slice(at);
  if (kind === 'static' || kind === 'members') {
    book.group(name, listAt(command, at + 1).members);
  } else if (kind !== 'description' && kind !== 'tag') book.doubt(name);
}

const transports: ReadonlyMap<string, number> = new Map([
  ['tcp', protocols.tcp],
  ['udp', protocols.udp],
  ['sctp', protocols.sctp],
]);

/** `protocol tcp port 80,8000-8010 source-port 1024-65535`, in one command or several. */
function tellService(books: Books, command: Command, name: string, at: number): void {
  const { words, position } = command;
  if (words[at] !== 'protocol') return;
  const protocol = transports.get(words[at + 1] ?? '');
  if (protocol === undefined) throw unreadable(position, words[at + 1] ?? '', 'tcp, udp or sctp');
  let fields: Partial<Match> = { protocol: exactly(protocol) };
  for (let next = at + 2; next < words.length; next += 2) {
    const [key = '', value = ''] = words.slice(next);
    if (key === 'override') break;
    if (key !== 'port' && key !== 'source-port')
      throw unreadable(position, key, 'port, source-port');
    fields = {
      ...fields,
      [key === 'port' ? 'destinationPort' : 'sourcePort']: ports(value, command),
    };
  }
  books.services.set(name, matching(fields));
}

function ports(list: string, { position }: Command): IntervalSet<number> {
  return unionOf(
    list.split(',').map((text) => {
      const range = portRange(text);
      if (range === undefined) throw unreadable(position, text, 'a port or a range of ports');
      return range;
    }),
  );
}

/** Undefined for a rule that is switched off. */
function policyOf({ name, position, lists }: Telling): PolicyText | undefined {
  const list = (key: string): readonly string[] => lists.get(key) ?? [];
  const [action] = list('action');
  const verdict = verdicts.get(action ?? '');
  if (verdict === undefined) {
    throw unreadable(position, `rule ${name} with action ${action ?? 'none'}`, 'allow, deny, drop');
  }
  if (list('disabled').includes('yes')) return undefined;
  const unknown = [...lists]
    .filter(([key, values]) => !harmless.test(key) && !(values.length === 1 && values[0] === 'any'))
    .map(([key, values]) => `${key} ${values.join(' ')}`);
  const applications = list('application');
  if (applications.length > 0 && !applications.includes('any')) {
    unknown.push(`application ${applications.join(' ')}`);
  }
  const [type = 'universal'] = list('rule-type');
  if (type !== 'universal') unknown.push(`rule-type ${type}`);
  const services = list('service');
  const zones = (key: string): readonly string[] => (list(key).includes('any') ? [] : list(key));
  const negated = (['source', 'destination'] as const).filter((side) =>
    list(`negate-${side}`).includes('yes'),
  );
  return {
    name,
    position,
    comment: list('description')[0],
    from: zones('from'),
    to: zones('to'),
    source: list('source'),
    destination: list('destination'),
    services: services.length === 0 ? ['any'] : services,
    negated: new Set(negated),
    verdict,
    unknown,
  };
}
