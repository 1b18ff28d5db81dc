import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { UsherError } from '#base';
import { parseTopology, starterDefaults, starterTopology } from './index.ts';
import type { StarterFacts } from './index.ts';

describe('the topology usher init writes', () => {
  it('loads without fault, whatever facts are allowed', () => {
    const facts: fc.Arbitrary<StarterFacts> = fc
      .constantFrom('none' as const, 'dns' as const, 'hardware' as const)
      .chain((balancing) =>
        fc.record({
          sipDomain: fc.constantFrom('contoso.com', 'Example.ORG', 'a.b.c.example'),
          serverDomain: fc.constantFrom('contoso.net', 'example.org', 'corp.example'),
          balancing: fc.constant(balancing),
          directors: fc.integer({ min: 1, max: balancing === 'none' ? 1 : 10 }),
          frontEnds: fc.integer({ min: 1, max: 12 }),
          inside: fc.constantFrom('10.10.0.0/16', '127.0.0.0/8', '172.16.0.0/12'),
          outside: fc.constantFrom('203.0.113.0/24', '198.51.0.0/16'),
          clients: fc.constantFrom('10.30.0.0/16', '192.168.1.0/24', '192.0.2.7/32'),
          administration: fc.constantFrom('10.40.0.0/24', '10.30.0.0/16'),
        }),
      );
    fc.assert(
      fc.property(facts, fc.constantFrom('en' as const, 'de' as const), (given, language) => {
        const { topology, faults } = parseTopology(starterTopology(given, language), 'new.yaml');
        assert.deepEqual(faults, []);
        assert.equal(topology?.pools[0]?.members.length, given.directors);
        assert.equal(topology?.pools[1]?.members.length, given.frontEnds);
      }),
      { numRuns: 50 },
    );
  });

  it('is commented in the language asked for', () => {
    assert.match(starterTopology(starterDefaults, 'en'), /# Lets remote users in\./u);
    assert.match(starterTopology(starterDefaults, 'de'), /# Lässt Remotebenutzer herein\./u);
  });

  it('is not written from facts that cannot be used', () => {
    const wrong: Partial<StarterFacts>[] = [
      { sipDomain: 'contoso' },
      { sipDomain: 'x.com\nname: y' },
      { serverDomain: '' },
      { directors: 0 },
      { directors: 11 },
      { directors: Number.NaN },
      { balancing: 'none', directors: 2 },
      { frontEnds: 1.5 },
      { inside: '10.0.0.0/24' },
      { inside: 'fd00::/16' },
      { outside: '127.10.1.0/24', inside: '127.10.0.0/16' },
      { clients: 'everywhere' },
    ];
    for (const facts of wrong) {
      assert.throws(
        () => starterTopology({ ...starterDefaults, ...facts }, 'en'),
        (error) => error instanceof UsherError && error.code === 'USHER_BAD_FACT',
        JSON.stringify(facts),
      );
    }
  });
});
