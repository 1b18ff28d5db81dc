import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { UsherError } from '#base';
import { formatAddresses, addressesOf, everyAddress } from '../model.ts';
import type { Rule } from '../model.ts';
import { assertSameRules, smallRuleSet } from '../rules.fixture.ts';
import { nftables } from './index.ts';

/** The rules of the input chain of a ruleset. */
function input(lines: string, sets = ''): readonly Rule[] {
  const content = `table inet filter {
${sets}
	chain input {
		type filter hook input priority filter; policy drop;
${lines}
	}
}
`;
  const [set] = nftables.read([{ name: 'fw01.nft', content }]);
  return set?.chains.find(({ direction }) => direction === 'in')?.rules ?? [];
}

const ledTo = (statement: string, sets = ''): unknown => {
  const content = `table ip nat {
${sets}  chain pre {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr 10.0.1.10 tcp dport 5061 ${statement}
  }
}`;
  const [set] = nftables.read([{ name: 'lb.nft', content }]);
  const rules = set?.translations?.destination.flatMap((chain) => chain.rules) ?? [];
  return rules.flatMap((rule): unknown[] => (rule.to === undefined ? [] : [rule.to].flat()));
};

const statesOf = (condition: string): unknown => {
  const content = `table ip f {\n  chain c {\n    type filter hook input priority 0; policy accept;\n    ${condition} drop\n  }\n}`;
  const [set] = nftables.read([{ name: 'f.nft', content }]);
  return set?.chains[0]?.rules.at(-1)?.match.states;
};

describe('nftables', () => {
  test('reads what it writes back to the same packets, rule by rule', () => {
    fc.assert(
      fc.property(smallRuleSet, (wanted) => {
        const [found] = nftables.read(nftables.render([wanted], {}));
        assertSameRules(found, wanted);
      }),
      { numRuns: 300 },
    );
  });

  test('writes the same bytes every time', () => {
    fc.assert(
      fc.property(smallRuleSet, (set) => {
        assert.deepEqual(nftables.render([set], {}), nftables.render([set], {}));
      }),
      { numRuns: 50 },
    );
  });

  test('never lets a reason start a line or leave its quotation marks', () => {
    const [rule] = input('tcp dport 5061 accept');
    assert.ok(rule !== undefined);
    const comment = 'x"\n    accept\u2028drop # ä'.repeat(20);
    const rules = [{ ...rule, id: 'R-1', comment }];
    const chains = [{ name: 'in', direction: 'in', policy: 'drop', rules }] as const;
    const [file] = nftables.render([{ device: 'a', zones: [], chains }], {});
    assert.equal(file?.content.split('\n').filter((line) => line.includes('accept')).length, 1);
  });

  test('reads sets, concatenations, ranges, negations and verdict maps as the kernel prints them', () => {
    const rules = input(
      `		ct state vmap { invalid : drop, established : accept, related : accept }
		iifname "lo" accept
		ip saddr @admins tcp dport { 22, 8000-8080 } counter packets 3 bytes 180 accept comment "A-1: people" # handle 9
		ip saddr . ip daddr . meta l4proto . th dport @flows log prefix "x accept" accept
		ip daddr != 10.0.0.0/8 udp dport != 53 reject with icmpx admin-prohibited`,
      `	set admins {
		type ipv4_addr
		flags interval
		elements = { 10.0.1.0/24, 10.0.3.1-10.0.3.9 }
	}
	set flows {
		typeof ip saddr . ip daddr . meta l4proto . th dport
		flags interval
		elements = { 10.0.1.0/28 . 10.0.9.10 . tcp . 8080 comment "R1",
			     0.0.0.0/0 . 10.0.9.11-10.0.9.12 . tcp . 50001-50003 }
	}`,
    );
    assert.deepEqual(
      rules.map(({ action }) => action.kind),
      ['drop', 'accept', 'accept', 'accept', 'accept', 'accept', 'accept', 'reject'],
    );
    assert.ok(rules.every(({ unknown }) => unknown === undefined));
    const [people] = rules.filter(({ id }) => id === 'A-1');
    assert.equal(people?.comment, 'people');
    assert.equal(people.position?.line, 17);
    assert.deepEqual(people.match.destinationPort, [
      { from: 22, until: 23 },
      { from: 8000, until: 8081 },
    ]);
    assert.equal(formatAddresses(people.match.source)[0], '10.0.1.0/24');
  });

  test('bounds what it has no model for instead of dropping or believing it', () => {
    const [limited, masked, queued, later] = input(`		tcp dport 22 limit rate 5/minute accept
		ip saddr & 255.0.255.0 == 10.0.1.0 accept
		udp dport 53 queue num 0
		tcp dport 23 drop`);
    assert.deepEqual(limited?.unknown, ['limit rate 5/minute accept']);
    assert.deepEqual(limited.match.destinationPort, [{ from: 22, until: 23 }]);
    assert.equal(limited.position?.file, 'fw01.nft');
    assert.equal(masked?.unknown?.length, 1);
    assert.deepEqual(formatAddresses(masked.match.source), ['any']);
    assert.deepEqual(queued?.unknown, ['queue']);
    assert.equal(later?.action.kind, 'drop');
    assert.equal(later.unknown, undefined);
  });

  test('takes a set that changes at run time for unknown', () => {
    const [rule] = input(
      '		ip saddr @seen accept',
      `	set seen {
		type ipv4_addr
		flags dynamic,timeout
		elements = { 10.0.0.1 timeout 1m expires 30s }
	}`,
    );
    assert.deepEqual(rule?.unknown, ['ip saddr @seen accept']);
  });

  test('names file, line and what it met when it cannot go on', () => {
    const content = 'table inet filter {\n  chain c {\n    accept\n';
    assert.throws(
      () => nftables.read([{ name: 'broken.nft', content }]),
      (error) =>
        error instanceof UsherError &&
        error.code === 'USHER_RULES_UNREADABLE' &&
        error.message.startsWith('broken.nft:4: '),
    );
  });

  test('refuses a jump to a chain that is not there, such as one written in place', () => {
    assert.throws(
      () => input('\t\ttcp dport 22 jump {\n\t\t\taccept\n\t\t}'),
      /fw01\.nft:5: a way to "\{"; allowed: a chain of this table/u,
    );
  });

  test('survives every text: rules, or an error of its own', () => {
    const pieces = fc.constantFrom(
      ...'table inet filter { } chain input type hook priority ; policy drop , = . : vmap @s set map elements ip saddr tcp dport 22 10.0.0.0/8 != accept jump ct state " # \\ define $x $ flags'.split(
        ' ',
      ),
      '\n',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 40 }).map((all) => all.join(' ')),
    );
    fc.assert(
      fc.property(text, fc.boolean(), (body, inside) => {
        const head = 'table inet t {\nchain c {\ntype filter hook input priority 0;\n';
        const content = inside ? `${head}${body}\n}\n}\n` : body;
        try {
          nftables.read([{ name: 'f', content }]);
        } catch (error) {
          assert.ok(error instanceof UsherError, String(error));
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('knows where destination NAT leads, in the forms there are', () => {
    const one = { family: 4, address: 0x0a00_010bn };
    const two = { family: 4, address: 0x0a00_010cn };
    assert.deepEqual(ledTo('dnat to 10.0.1.11'), [one]);
    assert.deepEqual(ledTo('dnat to 10.0.1.11:5062 persistent'), [{ ...one, port: 5062 }]);
    const map = 'dnat to jhash ip saddr mod 2 map { 0 : 10.0.1.11, 1 : 10.0.1.12 }';
    assert.deepEqual(ledTo(map), [one, two]);
    const ports = 'dnat ip to numgen inc mod 2 map { 0 : 10.0.1.11 . 5061, 1 : 10.0.1.12 . 5061 }';
    assert.deepEqual(ledTo(ports), [
      { ...one, port: 5061 },
      { ...two, port: 5061 },
    ]);
    const named =
      '  map members {\n    type mark : ipv4_addr\n    elements = { 1 : 10.0.1.11 }\n  }\n';
    assert.deepEqual(ledTo('dnat to ct mark map @members', named), [one]);
    assert.deepEqual(ledTo('dnat to 10.0.1.11-10.0.1.12'), ['unknown']);
    assert.deepEqual(ledTo('redirect to :15061'), ['unknown']);
    assert.deepEqual(ledTo('accept'), []);
  });

  test('knows packets that open a TCP connection by their flags', () => {
    assert.deepEqual(statesOf('tcp flags syn / fin,syn,rst,ack'), ['new', 'related']);
    const others = ['established', 'invalid', 'untracked'];
    assert.deepEqual(statesOf('tcp flags != syn / fin,syn,rst,ack'), others);
    assert.deepEqual(statesOf('tcp flags & (fin | syn | rst | ack) != syn'), others);
  });

  test('knows as whose packets source NAT passes them on, by what they were as they came', () => {
    const content = `table inet nat {
  chain post {
    type nat hook postrouting priority srcnat; policy accept;
    ct status dnat meta l4proto tcp ct original ip daddr 10.0.1.10 ct original proto-dst 5061 snat ip to 10.0.1.5
    ip daddr 10.0.1.11 masquerade
  }
}`;
    const [set] = nftables.read([{ name: 'lb.nft', content }]);
    const [vip, member] = set?.translations?.source.flatMap(({ rules }) => rules) ?? [];
    assert.deepEqual(vip?.to, [{ family: 4, address: 0x0a00_0105n }]);
    assert.deepEqual(vip.match.destination, addressesOf(['10.0.1.10']));
    assert.deepEqual(vip.match.destinationPort, [{ from: 5061, until: 5062 }]);
    assert.equal(vip.unknown, undefined);
    assert.deepEqual([member?.to, member?.match.destination], ['unknown', everyAddress]);
  });
});
