import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import {
  contains,
  firstOf,
  formatAddress,
  formatNetwork,
  parseAddress,
  parseNetwork,
} from './address.ts';

const network = (text: string) => {
  const parsed = parseNetwork(text);
  assert.ok(parsed, `${text} is a network`);
  return parsed;
};
const address = (text: string) => {
  const parsed = parseAddress(text);
  assert.ok(parsed, `${text} is an address`);
  return parsed;
};

describe('an IP address', () => {
  it('is read and written the same way for every IPv4 address', () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        assert.equal(formatAddress(address(text)), text);
      }),
    );
  });

  it('is the same whatever the spelling of an IPv6 address', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const written = formatAddress(address(text));
        assert.deepEqual(parseAddress(written), parseAddress(text));
        assert.ok(z.ipv6().safeParse(written).success, written);
      }),
    );
  });

  it('is written as RFC 5952 asks', () => {
    const forms: [string, string][] = [
      ['2001:0DB8:0:0:0:0:2:1', '2001:db8::2:1'],
      ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
      ['0:0:0:0:0:0:0:0', '::'],
      ['0:0:0:0:0:0:0:1', '::1'],
      ['fe80:0:0:0:0:0:0:0', 'fe80::'],
      ['1:0:0:0:0:0:0:10', '1::10'],
      ['::192.0.2.1', '::c000:201'],
    ];
    for (const [written, canonical] of forms) {
      assert.equal(formatAddress(address(written)), canonical, written);
    }
  });

  it('is nothing else', () => {
    const wrong = [
      '',
      '1.2.3',
      '1.2.3.4.5',
      '256.1.1.1',
      '01.2.3.4',
      '1.2.3.4 ',
      ':::',
      '1::2::3',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4:5:6:7::8',
      '12345::',
      '1.2.3.4::',
      '::1.2.3.4:5',
      'fe80::1%eth0',
      'g::1',
      '10.0.0.1/8',
    ];
    for (const text of wrong) assert.equal(parseAddress(text), undefined, text);
  });
});

describe('a CIDR block', () => {
  it('holds its first and last address and neither neighbour', () => {
    const block = network('10.1.0.0/16');
    assert.ok(contains(block, address('10.1.0.0')));
    assert.ok(contains(block, address('10.1.255.255')));
    assert.ok(!contains(block, address('10.0.255.255')));
    assert.ok(!contains(block, address('10.2.0.0')));
    assert.ok(!contains(block, address('::10.1.0.1')));
  });

  it('may be everything or one address', () => {
    assert.ok(contains(network('0.0.0.0/0'), address('203.0.113.9')));
    assert.ok(contains(network('fd00::5/128'), address('fd00::5')));
    assert.ok(!contains(network('fd00::5/128'), address('fd00::6')));
  });

  it('starts where its host bits are zero', () => {
    assert.equal(formatNetwork(firstOf(network('10.1.2.3/16'))), '10.1.0.0/16');
    assert.equal(formatNetwork(firstOf(network('fd00:1::ffff/64'))), 'fd00:1::/64');
  });

  it('needs a length that fits its family', () => {
    for (const text of [
      '10.0.0.0/33',
      'fd00::/129',
      '10.0.0.0',
      '10.0.0.0/',
      '/8',
      '10.0.0.0/-1',
    ]) {
      assert.equal(parseNetwork(text), undefined, text);
    }
  });
});
