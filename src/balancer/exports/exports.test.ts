import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { UsherError } from '#base';
import { loadPlan, type Plan } from '#ports';
import { balancerRecord } from './record.ts';
import { exportTargets, renderBalancer } from './index.ts';

const contoso = readFileSync('examples/contoso.yaml', 'utf8');
const balancer = 'lb01.contoso.net';

function planOf(text: string, portOffset = 0): Plan {
  const loaded = loadPlan(text, 'test.yaml', { portOffset });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.plan;
}

/** Contoso with other lines under the Director pool's `nat`. */
function balanced(...lines: readonly string[]): Plan {
  const found = /^ {4}nat: source.*$/mu.exec(contoso)?.[0] ?? assert.fail();
  const given = ['balancing:', ...lines.map((line) => `  ${line}`)].map((line) => `    ${line}`);
  return planOf(contoso.replace(found, [found, ...given].join('\n')));
}

const plans: Readonly<Record<string, Plan>> = {
  'the reference deployment': planOf(contoso),
  'other ports': planOf(contoso, 10_000),
  'round robin with a limit of connections': balanced(
    'scheduling: roundRobin',
    'connectionsPerMember: 5000',
    'slowStart: 0',
    'onFailure: keep',
  ),
  'Maglev, affinity turned round': balanced(
    'scheduling: maglev',
    'affinityTime: 600',
    'affinity: { webInternal: none, webInternalPlain: none, sip: source }',
  ),
  'probes of half a second': planOf(contoso.replace('probeInterval: 2 ', 'probeInterval: 0.5 ')),
  'both address families': planOf(
    readFileSync('examples/two-sites.yaml', 'utf8').replaceAll('fabrikam.net', 'contoso.net'),
  ),
  IPv6: planOf(
    contoso
      .replaceAll(/127\.(\d+)\.(\d+)\.(\d+)\/24/gu, 'fd00:$1:$2::/64')
      .replaceAll(/127\.(\d+)\.0\.0\/16/gu, 'fd00:$1::/32')
      .replaceAll(/127\.(\d+)\.(\d+)\.(\d+)/gu, 'fd00:$1:$2::$3'),
  ),
};

for (const [name, target] of Object.entries(exportTargets)) {
  describe(`a configuration for ${name}`, () => {
    for (const [what, plan] of Object.entries(plans)) {
      it(`says the VIPs, members, timers and checks of the topology: ${what}`, () => {
        const text = renderBalancer(target, plan, balancer);
        const { services } = balancerRecord(plan, balancer);
        assert.deepEqual(
          target.read(text),
          services.map((service) => target.carries(service)),
        );
        assert.equal(renderBalancer(target, plan, balancer), text, 'the same text every time');
        assert.ok(text.endsWith('\n') && !text.includes('undefined') && !text.includes('NaN'));
      });
    }

    it('leaves no VIP, member, port or idle time of the model out', () => {
      for (const service of balancerRecord(planOf(contoso), balancer).services) {
        const carried = target.carries(service);
        for (const key of ['name', 'address', 'port', 'members', 'idleTimeout'] as const) {
          assert.deepEqual(carried[key], service[key]);
        }
        assert.equal(carried.affinity === undefined, service.affinity === undefined);
      }
    });

    it('shows a member, a port, an idle time or an affinity that was changed', () => {
      const text = renderBalancer(target, planOf(contoso), balancer);
      const before = target.read(text);
      for (const [from, to] of [
        ['127.10.1.12', '127.10.1.13'],
        ['5061', '5062'],
        ['1800', '300'],
      ] as const) {
        assert.notDeepEqual(target.read(text.replaceAll(from, to)), before, `${from} → ${to}`);
      }
    });

    it('says how to load it and how to roll back', () => {
      const text = renderBalancer(target, planOf(contoso), balancer);
      assert.match(text, /load/iu);
      assert.match(text, /roll ?back/iu);
    });

    it('is refused for a host that serves no VIP', () => {
      for (const host of ['dir01.contoso.net', 'nobody.example']) {
        assert.throws(() => renderBalancer(target, planOf(contoso), host), {
          code: 'USHER_NOT_A_BALANCER',
        });
      }
    });

    it('does not read what lacks a line it writes', () => {
      const text = renderBalancer(target, planOf(contoso), balancer);
      const lines = text.split('\n');
      const before = target.read(text);
      // A sample of the lines all over the file: reading it once for each takes seconds.
      const step = Math.ceil(lines.length / 40);
      for (let index = 0; index < lines.length; index += step) {
        try {
          target.read(lines.toSpliced(index, 1).join('\n'));
        } catch (error) {
          assert.ok(error instanceof UsherError, `line ${index + 1}: ${String(error)}`);
        }
      }
      assert.equal(before.length, 5);
    });
  });
}

it('where SIP is shared by DNS, the web services follow it all the same', () => {
  const plan = planOf(readFileSync('examples/dns-balanced.yaml', 'utf8'));
  for (const [name, target] of Object.entries(exportTargets)) {
    const { services } = balancerRecord(plan, 'lb01.tailspintoys.net');
    assert.deepEqual(
      target.read(renderBalancer(target, plan, 'lb01.tailspintoys.net')),
      services.map((service) => target.carries(service)),
      name,
    );
    assert.ok(services.every(({ checks }) => checks[0]?.kind === 'sip'));
  }
});

it('a proxy is refused where members are to see the client itself', () => {
  const kept = contoso
    .replace(/^( {4}nat: )source/mu, '$1destination')
    .replace(/^( {4}engine: )embedded/mu, '$1nftables');
  const loaded = loadPlan(kept, 'test.yaml');
  assert.ok(loaded.ok, JSON.stringify(loaded));
  for (const [name, target] of Object.entries(exportTargets)) {
    const render = (): string => renderBalancer(target, loaded.plan, balancer);
    if (target.destinationNat) assert.ok(render(), name);
    else assert.throws(render, { code: 'USHER_BALANCER_EXPORT', message: /nat: destination/u });
  }
});
