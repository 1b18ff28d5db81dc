import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { azure } from '../azure/index.ts';
import { addressesOf, between, everyPort, exactly, protocols, sameIntervals } from '../model.ts';
import type { Rule } from '../model.ts';
import { assertSamePackets, beginning, guarded, permit, smallHosts } from '../rules.fixture.ts';
import { describeTarget } from '../target.compliance.ts';
import { bicep } from './index.ts';

const group = (rules: string): string => `param location string = resourceGroup().location

@description('''
It's the group } of this
''')
resource nsg 'Microsoft.Network/networkSecurityGroups@2023-11-01' = {
  name: 'nsg'
  location: location
  properties: {
    securityRules: [
${rules}
    ]
  }
}
`;

const rule = (fields: string): string => `      {
        name: 'first'
        properties: {
          access: 'Allow', direction: 'Inbound', priority: 100, protocol: 'Tcp' // all on one line
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          ${fields}
        }
      }`;

/** A group knows the protocols it knows, ports of two of them. */
function sayable(asked: Rule): Rule {
  const { match, ...rest } = beginning(asked);
  const free = [match.sourcePort, match.destinationPort].every((set) =>
    sameIntervals(set, everyPort),
  );
  return { ...rest, match: { ...match, protocol: exactly(free ? protocols.esp : protocols.udp) } };
}

describeTarget({
  target: bicep,
  sets: smallHosts(sayable),
  faults: [
    ["resource nsg 'open", /^f:1: open; allowed: a text that ends with '/u],
    ['resource nsg = {\n}', /^f:1: =; allowed: the type of a resource/u],
    [group(rule("access 'Allow'")), /^f:\d+: access; allowed: a key, :/u],
    [group(rule("destinationPortRange: '90-80'\nsourceAddressPrefix: '*'")), /^f:12: port 90-80/u],
    [group('').replace('= {', '= if (on) {'), /^f:6: if; allowed: \{ and the resource/u],
    [
      group('').replace('networkSecurityGroups@', 'networkSecurityGroups/securityRules@'),
      /^f:6: a rule outside/u,
    ],
    ["resource nsg 'x@1' = [\n}", /^f:2: \}; allowed: a value/u],
    [group('').replace('securityRules', 'others'), /^f:6: properties\.securityRules/u],
  ],
  words:
    "resource nsg 'Microsoft.Network/networkSecurityGroups@2023-11-01' = { } [ ] name: 'x' properties: securityRules: param var ''' ${x} // /* */ for in :".split(
      ' ',
    ),
});

const inbound = (content: string): readonly Rule[] =>
  bicep.read([{ name: 'nsg.bicep', content }])[0]?.chains[0]?.rules.slice(2) ?? [];

describe('bicep', () => {
  test('reads modules written by hand, with the line of each rule', () => {
    const [people] = inbound(
      group(
        rule(
          "sourceAddressPrefixes: ['10.0.0.0/8', '2001:db8::/32']\ndestinationPortRanges: [\n '22'\n '80-90'\n]\ndescription: 'A-1: it\\'s \\${them}'",
        ),
      ),
    );
    assert.deepEqual([people?.id, people?.comment], ['A-1', "it's ${them}"]);
    assert.deepEqual(people?.match.source, addressesOf(['10.0.0.0/8', '2001:db8::/32']));
    assert.deepEqual(people.match.destinationPort, [...exactly(22), ...between(80, 90)]);
    assert.equal(people.position?.line, 12);
  });

  test('bounds what is computed and what is no address', () => {
    const unknown = ['office', "'${office}/32'", "'Internet'"].map(
      (value) =>
        inbound(group(rule(`sourceAddressPrefix: ${value}\ndestinationPortRange: '22'`)))[0]
          ?.unknown,
    );
    assert.deepEqual(unknown, [
      ['source [office]'],
      ['source [${office}/32]'],
      ['source Internet'],
    ]);
  });

  test('says the same as the template in JSON', () => {
    const both = guarded([
      {
        ...permit({ protocol: exactly(6), destinationPort: exactly(22) }),
        comment: "[x] it's ${y}",
      },
    ]);
    assertSamePackets(bicep.read(bicep.render([both], {}))[0], both);
    const [one, other] = [azure, bicep].map(
      (target) => target.read(target.render([both], {}))[0]?.chains[0]?.rules[2],
    );
    assert.equal(one?.comment, "[x] it's ${y}");
    assert.deepEqual({ ...one, position: undefined }, { ...other, position: undefined });
  });
});
