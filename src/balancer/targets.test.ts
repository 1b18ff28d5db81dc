import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { loadPlan, type Plan, servicePort } from '#ports';
import { probeTargets } from './targets.ts';

async function examplePlan(name = 'contoso'): Promise<Plan> {
  const file = `examples/${name}.yaml`;
  const loaded = loadPlan(await readFile(file, 'utf8'), file);
  assert.ok(loaded.ok);
  return loaded.plan;
}

describe('what a balancer probes', () => {
  it('is every member of every service of its VIPs, the web services following SIP', async () => {
    const plan = await examplePlan();
    const targets = probeTargets(plan, 'lb01.contoso.net');
    assert.equal(targets.length, 10);
    assert.deepEqual(
      targets
        .filter(({ host }) => host === 'dir01.contoso.net')
        .map((one) => [one.service, one.security, one.site, one.guard]),
      [
        [
          'webInternalPlain',
          'none',
          'dirpool01.contoso.net',
          'dirpool01.contoso.net/sip/dir01.contoso.net',
        ],
        [
          'webInternal',
          'TLS',
          'dirpool01.contoso.net',
          'dirpool01.contoso.net/sip/dir01.contoso.net',
        ],
        [
          'webExternalPlain',
          'none',
          'webdirext.contoso.com',
          'dirpool01.contoso.net/sip/dir01.contoso.net',
        ],
        [
          'webExternal',
          'TLS',
          'webdirext.contoso.com',
          'dirpool01.contoso.net/sip/dir01.contoso.net',
        ],
        ['sip', 'MTLS', 'dirpool01.contoso.net', undefined],
      ],
    );
  });

  it('is admitted by the SIP listeners it probes', async () => {
    const plan = await examplePlan();
    for (const { host, service, security } of probeTargets(plan, 'lb01.contoso.net')) {
      if (security !== 'MTLS') continue;
      const listener = plan.listeners.find((one) => one.host === host && one.service === service);
      assert.ok(listener?.trustedPeers.includes('lb01.contoso.net'), `${host} ${service}`);
    }
  });

  it('is nothing for a host that serves no VIP', async () => {
    assert.deepEqual(probeTargets(await examplePlan(), 'edge01.contoso.net'), []);
  });

  it('includes the SIP service of a pool whose web services alone it serves', async () => {
    const plan = await examplePlan('dns-balanced');
    const targets = probeTargets(plan, 'lb01.tailspintoys.net');
    const sip = targets.filter(({ service }) => service === 'sip');
    assert.deepEqual(
      sip.map(({ host, port, security }) => [host, port, security]),
      ['dir01', 'dir02', 'fe01', 'fe02'].map((name) => [
        `${name}.tailspintoys.net`,
        servicePort(plan, 'sip'),
        'MTLS',
      ]),
    );
    assert.ok(targets.every(({ service, guard }) => service === 'sip' || guard !== undefined));
  });
});
