import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadPlan, servicePort, type Plan } from '#ports';
import { exportTargets, renderBalancer } from './index.ts';
import { renderVrrp } from './vrrp.ts';

const contoso = readFileSync('examples/contoso.yaml', 'utf8');

function planOf(text: string): Plan {
  const loaded = loadPlan(text, 'pair.yaml');
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.plan;
}

const pair = planOf(
  contoso
    .replace(
      /^ {4}balancer: .*$/mu,
      '    balancer: lb01.contoso.net\n    standby: lb02.contoso.net',
    )
    .replace('engine: embedded', 'engine: haproxy')
    .replace('balancers:\n', 'balancers:\n  - { fqdn: lb02.contoso.net, address: 127.10.1.6 }\n'),
);
const place = { interface: 'eth0', beacon: '/var/lib/usher/run/lb.ready' };

/** The number that follows a key. */
const numberOf = (key: string, text = ''): string =>
  new RegExp(`^ +${key} (\\d+)$`, 'mu').exec(text)?.[1] ?? assert.fail(key);

describe('VRRP between two balancers', () => {
  it('has one number for both, each other as peers, and the balancer first', () => {
    const [one, other] = ['lb01.contoso.net', 'LB02.contoso.net'].map((host) =>
      renderVrrp(pair, host, place),
    );
    assert.equal(numberOf('virtual_router_id', one), numberOf('virtual_router_id', other));
    assert.ok(Number(numberOf('priority', one)) > Number(numberOf('priority', other)));
    assert.match(one ?? '', /unicast_src_ip 127\.10\.1\.5\n[^}]*127\.10\.1\.6 min_ttl 255/u);
    assert.match(other ?? '', /unicast_src_ip 127\.10\.1\.6\n[^}]*127\.10\.1\.5 min_ttl 255/u);
    for (const text of [one, other]) {
      assert.match(text ?? '', /127\.10\.1\.10\/32 dev eth0\n/u);
      assert.match(text ?? '', /find \/var\/lib\/usher\/run\/lb\.ready /u);
    }
  });

  it('is nothing for a balancer by itself', () => {
    assert.throws(() => renderVrrp(planOf(contoso), 'lb01.contoso.net', place), {
      code: 'USHER_BALANCER_EXPORT',
      message: /nobody to take its VIP over/u,
    });
    assert.throws(() => renderVrrp(pair, 'dir01.contoso.net', place), {
      code: 'USHER_NOT_A_BALANCER',
    });
  });

  it('takes no name that would be something else in the file', () => {
    for (const strange of [
      { interface: 'eth0\n}' },
      { beacon: "/tmp/it's here" },
      { beacon: '' },
    ]) {
      assert.throws(() => renderVrrp(pair, 'lb01.contoso.net', { ...place, ...strange }), {
        code: 'USHER_BALANCER_EXPORT',
        message: /keepalived takes no/u,
      });
    }
  });
});

describe('the configurations of a pair', () => {
  it('read back as those of a balancer by itself, and HAProxy waits for the VIP', () => {
    for (const [name, target] of Object.entries(exportTargets)) {
      const text = renderBalancer(target, pair, 'lb02.contoso.net');
      if (name === 'haproxy') assert.match(text, /^ {4}bind 127\.10\.1\.10:443 transparent$/mu);
    }
  });

  it('have the two HAProxys tell each other who is bound to whom, and nobody else', () => {
    const { haproxy } = exportTargets;
    assert.ok(haproxy !== undefined);
    const text = renderBalancer(haproxy, pair, 'lb02.contoso.net');
    const port = servicePort(pair, 'affinityExchange');
    assert.match(text, /^ {4}localpeer lb02\.contoso\.net$/mu);
    assert.match(text, /^peers hand_over\n {4}bind unix@.*\n {4}server lb02\.contoso\.net$/mu);
    const partner = `server lb01.contoso.net 127.10.1.5:${port} source 127.10.1.6 ssl`;
    assert.ok(text.includes(partner) && text.includes('verifyhost lb01.contoso.net'));
    assert.ok(text.includes(`bind 127.10.1.6:${port} ssl`));
    assert.match(text, /reject unless \{ ssl_c_s_dn\(cn\) -m str -i lb01\.contoso\.net \}/u);
    const alone = renderBalancer(haproxy, planOf(contoso), 'lb01.contoso.net');
    assert.match(alone, /^ {4}localpeer here$/mu);
    assert.ok(!alone.includes('hand_over_in') && !alone.includes('transparent'));
  });
});
