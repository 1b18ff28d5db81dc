import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  asa,
  compare,
  everyIPv4,
  formatAddresses,
  intersect,
  ios,
  isEmpty,
  matching,
  pf,
  sameAddresses,
  everyAddress,
  unfold,
} from '#firewall';
import type { AddressSet, Match, Rule, RuleSet, Target } from '#firewall';
import { rulesOf } from './support/policy.ts';
import { needs } from './support/programs.ts';

const skip = needs(['aclgen', 'python3-capirca']);

/** Capirca's names for the languages we read, and the endings of its files. */
const languages = [
  { target: ios, ask: 'cisco NAME mixed', ending: 'acl', put: '' },
  { target: asa, ask: 'ciscoasa NAME', ending: 'asa', put: '\naccess-group NAME global\n' },
  { target: pf, ask: 'packetfilter NAME mixed', ending: 'pf', put: '' },
] as const;

interface Asked {
  readonly name: string;
  readonly ruleSet: RuleSet;
}

/** The firewalls between zones of every example. */
const asked: readonly Asked[] = globSync('examples/*.yaml').flatMap((path) =>
  rulesOf(path)
    .filter(({ zones }) => zones.length > 0)
    .map((ruleSet) => ({ name: `${basename(path, '.yaml')}-${ruleSet.device}`, ruleSet })),
);

const defined = (values: ReadonlyMap<string, string>, end: string): string =>
  [...values].map(([value, name]) => `${name} = ${value}${end}\n`).join('');

/** Definitions and policies in Capirca's own language, written from the rules and not by a target. */
class Sources {
  readonly #networks = new Map<string, string>();
  readonly #services = new Map<string, string>();

  policy({ name, ruleSet }: Asked): string {
    const rows = ruleSet.chains[0]?.rules.slice(1) ?? [];
    const targets = languages.map(({ ask }) => `  target:: ${ask.replace('NAME', name)}`);
    const terms = [
      ...rows.map((rule, index) => this.#term(rule, `t${index}`)),
      'term rest {\n  action:: deny\n}',
    ];
    return `header {\n${targets.join('\n')}\n}\n${terms.join('\n')}\n`;
  }

  #term({ match, comment = '' }: Rule, name: string): string {
    const side = (word: string, set: AddressSet): readonly string[] =>
      sameAddresses(set, everyAddress) ? [] : [`  ${word}-address:: ${this.#network(set)}`];
    const lines = [
      `  comment:: "${comment.replaceAll('"', "'").slice(0, 60)}"`,
      ...side('source', match.source),
      ...side('destination', match.destination),
      '  protocol:: tcp',
      `  destination-port:: ${match.destinationPort.map(({ from, until }) => this.#service(`${from}-${until - 1}`)).join(' ')}`,
      '  action:: accept',
    ];
    return `term ${name} {\n${lines.join('\n')}\n}`;
  }

  #network(set: AddressSet): string {
    const blocks = formatAddresses(set)
      .map((text) => (text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`))
      .join('\n  ');
    const name = this.#networks.get(blocks) ?? `N${this.#networks.size}`;
    this.#networks.set(blocks, name);
    return name;
  }

  #service(ports: string): string {
    const name = this.#services.get(ports) ?? `S${this.#services.size}`;
    this.#services.set(ports, name);
    return name;
  }

  definitions(): { readonly networks: string; readonly services: string } {
    return { networks: defined(this.#networks, ''), services: defined(this.#services, '/tcp') };
  }
}

/** Who may begin, of the families a language has. */
function beginnings(set: RuleSet, of: Match): RuleSet {
  return {
    ...set,
    chains: set.chains
      .filter(({ direction }) => direction === 'forward')
      .map((chain) => ({
        ...chain,
        policy: 'drop',
        rules: chain.rules
          .map((rule) => ({ ...rule, match: intersect(rule.match, of) }))
          .filter(({ match }) => !isEmpty(match)),
      })),
  };
}

function assertSameBeginnings(target: Target, found: RuleSet | undefined, wanted: RuleSet): void {
  assert.ok(found !== undefined);
  // Capirca's access lists of ASA are of IPv4 alone.
  const family = target === asa ? { source: everyIPv4, destination: everyIPv4 } : {};
  const of = matching({ ...family, states: ['new'] });
  const regions: unknown[] = [];
  const sides = [
    { rules: unfold(beginnings(wanted, of), 'forward'), reading: 'upper' },
    { rules: unfold(beginnings(found, of), 'forward'), reading: 'lower' },
  ] as const;
  compare(sides, 'disputed', (region) => regions.push(region));
  assert.deepEqual(regions, []);
}

describe('access lists Capirca writes of the same rows', { skip }, () => {
  let directory = '';

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'usher-capirca-'));
    for (const name of ['pol', 'def', 'out']) mkdirSync(join(directory, name));
    const sources = new Sources();
    for (const each of asked) {
      writeFileSync(join(directory, 'pol', `${each.name}.pol`), sources.policy(each));
    }
    const { networks, services } = sources.definitions();
    writeFileSync(join(directory, 'def', 'N.net'), networks);
    writeFileSync(join(directory, 'def', 'S.svc'), services);
    const folders = {
      base: directory,
      definitions: join(directory, 'def'),
      output: join(directory, 'out'),
    };
    const options = Object.entries(folders).map(([key, value]) => `--${key}_directory=${value}`);
    execFileSync('aclgen', options, { stdio: 'pipe' });
  });

  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  for (const { name, ruleSet } of asked) {
    for (const { target, ending, put } of languages) {
      test(`let the same connections of ${name} begin, as read by ${target.name}`, () => {
        const [path] = globSync(join(directory, 'out', '**', `${name}.${ending}`));
        assert.ok(path !== undefined, `${name}.${ending}`);
        const content = readFileSync(path, 'utf8') + put.replace('NAME', name);
        const [found] = target.read([{ name: `${name}.${ending}`, content }]);
        assertSameBeginnings(target, found, ruleSet);
      });
    }
  }
});
