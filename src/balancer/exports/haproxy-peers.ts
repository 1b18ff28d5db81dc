import { hostAndPort, hostInUri } from '#base';
import { keepAliveDelay } from '../constants.ts';
import type { BalancerRecord } from './record.ts';
import type { Surroundings } from './haproxy.ts';

/** The section by which stick tables are handed over. */
export const peersSection = 'hand_over';

/** The name of this HAProxy among its peers: that of its machine where there are two. */
export function localPeer({ balancer, pair }: BalancerRecord): string {
  return pair?.exchangePort === undefined ? 'here' : balancer;
}

/**
 * Who is told which client is bound to whom: the next process at a reload, and the other machine of a
 * pair all the time. That one comes in over mutual TLS by a frontend, since a peers section asks for a
 * certificate but not whose it is.
 */
export function peers(
  record: BalancerRecord,
  { directory, certificate, ca }: Pick<Surroundings, 'directory' | 'certificate' | 'ca'>,
): readonly string[] {
  const { pair } = record;
  const socket = `unix@${directory}/peers.sock`;
  const own = [
    '# At a reload the old process tells the new one which client is bound to whom.',
    `peers ${peersSection}`,
    `    bind ${socket} mode 600`,
    `    server ${localPeer(record)}`,
  ];
  if (pair?.exchangePort === undefined) return [...own, ''];
  const { address, addresses, partner, exchangePort: port } = pair;
  const { host } = partner;
  const secure = `ssl crt ${certificate} ca-file ${ca} verify required`;
  return [
    ...own,
    '    # The other machine of the pair learns it, too.',
    `    server ${host} ${hostAndPort(partner.address, port)} source ${hostInUri(address)} ${secure} verifyhost ${host} sni str(${host})`,
    '',
    `frontend ${peersSection}_in`,
    '    mode tcp',
    `    timeout client ${keepAliveDelay}ms`,
    ...addresses.map((each) => `    bind ${hostAndPort(each, port)} ${secure}`),
    `    tcp-request session reject unless { ssl_c_s_dn(cn) -m str -i ${host} }`,
    `    default_backend ${peersSection}_here`,
    '',
    `backend ${peersSection}_here`,
    '    mode tcp',
    '    timeout connect 1s',
    `    timeout server ${keepAliveDelay}ms`,
    `    server here ${socket}`,
    '',
  ];
}
