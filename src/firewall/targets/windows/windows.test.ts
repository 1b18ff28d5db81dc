import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  addressesOf,
  between,
  connectionStates,
  everyIPv6,
  exactly,
  matching,
  protocols,
} from '../model.ts';
import type { Rule, RuleSet } from '../model.ts';
import { assertSamePackets, beginning, guarded, permit, smallHosts } from '../rules.fixture.ts';
import { describeTarget } from '../target.compliance.ts';
import { windows } from './index.ts';

const rule = (words: string): string => `New-NetFirewallRule -DisplayName x ${words}`;

/** What blocks wins, so that it can only be said before all that allows. */
const refusalsFirst = (set: RuleSet): RuleSet => ({
  ...set,
  chains: set.chains.map((chain) => ({
    ...chain,
    rules: chain.rules.toSorted((a, b) => rank(a) - rank(b)),
  })),
});

const rank = ({ id, action }: Rule): number =>
  id === 'replies' ? 0 : id === 'loopback' ? 1 : action.kind === 'drop' ? 2 : 3;

describeTarget({
  target: windows,
  sets: smallHosts(beginning).map(refusalsFirst),
  faults: [
    ['netsh advfirewall reset', /^f:1: netsh; allowed: a command, such as/u],
    [rule('-Direction Sideways'), /^f:1: -direction sideways; allowed: inbound or outbound/u],
    [rule('-RemoteAddress 10.0.0'), /^f:1: 10\.0\.0; allowed: an address/u],
    [rule('-RemoteAddress $office'), /^f:1: \$office; allowed: a value written out/u],
    [rule('-Protocol TCP -LocalPort 90-80'), /^f:1: -localport 90-80/u],
    [rule('-Protocol Wat'), /^f:1: -Protocol Wat/u],
    [rule('-Enabled True -Enabled False'), /^f:1: -Enabled; allowed: each parameter once/u],
    [rule('| Set-NetFirewallRule -Action Block'), /^f:1: Set-NetFirewallRule .*Out-Null/u],
    [`\n${rule('"open')}`, /^f:2: /u],
    ['\n\nDisable-NetFirewallRule -All', /^f:3: disable-netfirewallrule/u],
    ['foreach ($x in $y) { }', /^f:1: foreach; allowed: a command/u],
    ['Set-NetFirewallProfile -Enabled False', /^f:1: False; allowed: a firewall that is on/u],
  ],
  words:
    "New-NetFirewallRule -DisplayName 'x' -Direction Inbound -Action Allow -Protocol TCP -LocalPort 80 , -RemoteAddress 10.0.0.0/8 Any @( ) | Out-Null ` \" $x Set-NetFirewallProfile -DefaultInboundAction Block # <# #>".split(
      ' ',
    ),
});

const read = (content: string): RuleSet | undefined =>
  windows.read([{ name: 'h.ps1', content }])[0];

const inbound = (content: string): readonly Rule[] =>
  read(content)?.chains[0]?.rules.slice(2) ?? [];

const policies = (content: string) => read(content)?.chains.map(({ policy }) => policy);

describe('windows', () => {
  test('reads scripts written by hand: lines that go on, lists, masks, ranges, quotation marks', () => {
    const [blocked, people, ...more] = inbound(`# ours
Import-Module NetSecurity
New-NetFirewallRule -DisplayName "People's" \`
  -Description 'A-1: it''s them' -Direction Inbound -Protocol tcp \`
  -LocalPort @(22, "8000-8010") -RemoteAddress 10.0.0.0/255.0.0.0,192.0.2.1-192.0.2.9 -Profile Any
New-NetFirewallRule -DisplayName off -Enabled False
New-NetFirewallRule -DisplayName no -Action Block -RemoteAddress 2001:db8::/32 | Out-Null
`);
    assert.equal(more.length, 0);
    assert.deepEqual([people?.id, people?.comment], ['A-1', "it's them"]);
    assert.equal(people?.position?.line, 3);
    assert.deepEqual(people?.match.destinationPort, [...exactly(22), ...between(8000, 8010)]);
    assert.deepEqual(people.match.source, addressesOf(['10.0.0.0/8', '192.0.2.1-192.0.2.9']));
    // What blocks wins, wherever it stands.
    assert.deepEqual([blocked?.id, blocked?.action.kind], ['no', 'drop']);
  });

  test('keeps to the defaults of Windows unless they are set', () => {
    assert.deepEqual(policies(''), ['drop', 'accept', 'drop']);
    assert.deepEqual(policies('Set-NetFirewallProfile -All -DefaultOutboundAction Block'), [
      'drop',
      'drop',
      'drop',
    ]);
  });

  test('bounds programs, services, interfaces, words for addresses and ports', () => {
    const unknown = inbound(
      rule(
        '-Program C:\\x.exe -Profile Domain,Private -RemoteAddress LocalSubnet -Protocol TCP -LocalPort RPC',
      ),
    )[0]?.unknown;
    assert.deepEqual(unknown, [
      '-program C:\\x.exe',
      '-profile Domain,Private',
      '-remoteaddress LocalSubnet',
      '-localport RPC',
    ]);
  });

  test('knows which rules are left after others are removed or switched off', () => {
    const made = ['one', 'two'].map((group) => rule(`-Group ${group} -Description '${group}: x'`));
    const ids = (last: string) => inbound([...made, last].join('\n')).map(({ id }) => id);
    assert.deepEqual(ids('Remove-NetFirewallRule -Group two'), ['one']);
    assert.deepEqual(
      ids("Get-NetFirewallRule | Where-Object Group -ne 'two' | Disable-NetFirewallRule"),
      ['two'],
    );
  });

  test('lets neighbours of IPv6 through, which no connection tells', () => {
    const neighbours: Rule = {
      id: 'neighbours',
      match: matching({
        source: everyIPv6,
        destination: everyIPv6,
        protocol: exactly(protocols.icmpv6),
        destinationPort: between(133 * 256, 136 * 256 + 255),
        states: ['untracked'],
      }),
      action: { kind: 'accept' },
    };
    const wanted = guarded([neighbours, permit({ protocol: exactly(protocols.icmpv6) })]);
    const files = windows.render([wanted], {});
    assert.match(files[0]?.content ?? '', /-Protocol ICMPv6 -IcmpType 133,134,135,136 /u);
    assert.match(files[0]?.content ?? '', /-RemoteAddress '::\/1','8000::\/1' /u);
    assertSamePackets(windows.read(files)[0], wanted);
  });

  test('refuses a refusal after something was allowed, and packets of no connection', () => {
    const refusal: Rule = {
      id: 'R-9',
      match: matching({ states: connectionStates }),
      action: { kind: 'drop' },
    };
    for (const rules of [
      [permit({}), refusal],
      [{ ...permit({ states: ['invalid'], protocol: exactly(6) }), id: 'R-9' }],
      [{ ...permit({}), id: 'R-9', action: { kind: 'reject' } }],
      [permit({ protocol: exactly(132), destinationPort: exactly(9) }, 'R-9')],
    ] as const) {
      assert.throws(() => windows.render([guarded(rules)], {}), {
        code: 'USHER_RULES_INEXPRESSIBLE',
        message: /^R-9 /u,
      });
    }
  });
});
