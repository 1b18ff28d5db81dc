import { isDeepStrictEqual } from 'node:util';
import { UsherError } from '#base';
import type { Plan } from '#ports';
import { envoy } from './envoy.ts';
import { f5As3 } from './f5-as3.ts';
import { haproxy } from './haproxy.ts';
import { keepalived } from './keepalived.ts';
import { kemp } from './kemp.ts';
import { nftables } from './nftables.ts';
import { nginx } from './nginx.ts';
import { balancerRecord } from './record.ts';
import { unreadable } from './reading.ts';
import type { ExportTarget, ProbeFiles } from './target.ts';

export { renderVrrp, vrrpTarget } from './vrrp.ts';

/** Every load balancer Usher writes configurations for, by the name `--target` takes. */
export const exportTargets: Readonly<Record<string, ExportTarget>> = {
  haproxy,
  nftables,
  nginx,
  'f5-as3': f5As3,
  kemp,
  envoy,
  keepalived,
};

/**
 * The configuration that makes another load balancer do what the topology asks of this one. What was
 * written is read back and compared with the plan before it is given out. The same plan gives the same
 * text.
 *
 * @throws UsherError `USHER_NOT_A_BALANCER` for a host that serves no VIP; `USHER_BALANCER_EXPORT` when
 *   the target cannot do what the topology asks
 */
export function renderBalancer(
  target: ExportTarget,
  plan: Plan,
  balancer: string,
  files: Partial<ProbeFiles> = {},
): string {
  const record = balancerRecord(plan, balancer);
  const kept = record.services.find(({ source }) => source === undefined);
  if (kept !== undefined && !target.destinationNat) {
    throw new UsherError(
      'USHER_BALANCER_EXPORT',
      `${kept.name} has \`nat: destination\`; a proxy connects from its own address.`,
      {
        remedy: 'Write `nat: source` for the pool, or choose nftables, keepalived, f5-as3 or kemp.',
      },
    );
  }
  const text = target.render(record, {
    certificate: `/etc/usher/tls/${record.balancer.toLowerCase()}.pem`,
    ca: '/etc/usher/tls/ca.crt',
    ...files,
  });
  if (
    !isDeepStrictEqual(
      target.read(text),
      record.services.map((service) => target.carries(service)),
    )
  ) {
    throw unreadable('it says something else than the topology');
  }
  return text;
}
