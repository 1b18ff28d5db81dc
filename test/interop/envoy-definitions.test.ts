import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import type { Root } from 'protobufjs';
import { parse } from 'yaml';
import { balancerExports } from '#balancer';
import { loadPlan } from '#ports';
import { envoyDefinitions, faultsOf } from './support/envoy-definitions.ts';

const contoso = readFileSync(new URL('../../examples/contoso.yaml', import.meta.url), 'utf8');
const balanced = (text: string): string =>
  contoso.replace(/^ {4}nat: source.*$/mu, `$&\n    balancing: ${text}`);

/** Contoso, and Contoso with everything that changes what Envoy is told. */
const topologies: Readonly<Record<string, string>> = {
  'the reference deployment': contoso,
  'round robin with slow start': balanced('{ scheduling: roundRobin, slowStart: 60 }'),
  'Maglev, limits and affinity': balanced(
    '{ scheduling: maglev, connectionsPerMember: 900, affinity: { webInternal: none, sip: source } }',
  ),
  'sessions kept, probes of half a second': balanced('{ onFailure: keep, slowStart: 0 }').replace(
    'probeInterval: 2 ',
    'probeInterval: 0.5 ',
  ),
  IPv6: contoso
    .replaceAll(/127\.(\d+)\.(\d+)\.(\d+)\/24/gu, 'fd00:$1:$2::/64')
    .replaceAll(/127\.(\d+)\.0\.0\/16/gu, 'fd00:$1::/32')
    .replaceAll(/127\.(\d+)\.(\d+)\.(\d+)/gu, 'fd00:$1:$2::$3'),
};

/** What an Envoy file begins with. */
const bootstrap = 'envoy.config.bootstrap.v3.Bootstrap';

function rendered(text: string): unknown {
  const loaded = loadPlan(text, 'test.yaml');
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const { exportTargets, renderBalancer } = balancerExports();
  const { envoy } = exportTargets;
  assert.ok(envoy !== undefined);
  return parse(renderBalancer(envoy, loaded.plan, 'lb01.contoso.net'));
}

describe('the configuration for Envoy', () => {
  let root: Root;
  before(async () => {
    root = await envoyDefinitions([
      'envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto',
    ]);
  });

  for (const [what, text] of Object.entries(topologies)) {
    test(`has only fields that Envoy’s definitions have, of their types: ${what}`, () => {
      assert.deepEqual(faultsOf(root, bootstrap, rendered(text)), []);
    });
  }

  test('would be found wanting: unknown fields, wrong types, words and files, and what is missing', () => {
    const text = JSON.stringify(rendered(contoso));
    for (const [from, to, fault] of [
      ['"lb_policy":', '"lb_polcy":', /clusters\[0\]\.lb_polcy: unknown/u],
      ['"LEAST_REQUEST"', '"LEAST_CONN"', /lb_policy: not of LbPolicy/u],
      ['"connect_timeout":"', '"connect_timeout":"in ', /connect_timeout: no duration/u],
      ['"port_value":80', '"port_value":"80"', /port_value: no uint32/u],
      ['tcp_proxy.v3.TcpProxy', 'tcp_proxy.v3.TcpProxi', /typed_config: unknown type/u],
      ['"stat_prefix":', '"stat_prefx":', /typed_config\.stat_prefix: missing/u],
      ['"tcp_health_check":{}', '"reuse_connection":true', /no health_checker/u],
    ] as const) {
      assert.ok(text.includes(from), from);
      const spoilt: unknown = JSON.parse(text.replace(from, to));
      assert.match(faultsOf(root, bootstrap, spoilt).join('\n'), fault);
    }
  });
});
