import { readFileSync } from 'node:fs';
import type { User, UserDirectory } from '#identity';
import { loadPlan } from '#ports';
import type { Plan } from '#ports';
import { buildRequest } from '#sip';
import type { Connection, HeaderField, Peer, SipRequest } from '#sip';
import { findHost } from '#topology';
import type { Host } from '#topology';
import { selfOf } from './policy/context.ts';
import type { DirectorContext, DirectorFacts } from './policy/context.ts';

const file = new URL('../../examples/contoso.yaml', import.meta.url);

/** The plan of the reference deployment, every port moved by the offset. */
export function contosoPlan(portOffset = 0): Plan {
  const loaded = loadPlan(readFileSync(file, 'utf8'), 'contoso.yaml', { portOffset });
  if (!loaded.ok) throw new Error('The example topology has faults');
  return loaded.plan;
}

export const plan: Plan = contosoPlan();

/** A host of the example by its FQDN. */
export function hostOf(fqdn: string): Host {
  const host = findHost(plan.topology, fqdn);
  if (host === undefined) throw new Error(`No ${fqdn} in the example`);
  return host;
}

export const dir01 = selfOf(plan.topology, hostOf('dir01.contoso.net'));

export const alice: User = {
  aor: 'alice@contoso.com',
  displayName: 'Alice',
  homePool: 'fepool01.contoso.net',
  enabled: true,
};

/** A directory that holds these users and no passwords. */
export function directoryOf(...users: readonly User[]): UserDirectory {
  return {
    find: (aor: string) => users.find((user) => user.aor === aor),
    verifier: () => undefined,
    close() {},
  };
}

export const edge: Peer = { kind: 'server', fqdn: 'edge01.contoso.net' };
export const client: Peer = { kind: 'client' };

/** A request from alice to bob; `headers` come after the mandatory ones, or replace them by name. */
export function requestOf(
  method: string,
  uri = 'sip:bob@contoso.com',
  headers: readonly HeaderField[] = [],
): SipRequest {
  const registers = method === 'REGISTER';
  const usual: readonly HeaderField[] = [
    ['Via', 'SIP/2.0/TLS edge01.contoso.net;branch=z9hG4bKedge'],
    ['Via', 'SIP/2.0/TLS 192.168.7.7:50000;branch=z9hG4bKclient;received=198.51.100.7'],
    ['Max-Forwards', '70'],
    ['From', '<sip:alice@contoso.com>;tag=1'],
    ['To', registers ? '<sip:alice@contoso.com>' : '<sip:bob@contoso.com>'],
    ['Call-ID', 'call-1'],
    ['CSeq', `1 ${method}`],
  ];
  const replaced = new Set(headers.map(([name]) => name));
  return buildRequest({
    method,
    uri,
    headers: [...usual.filter(([name]) => !replaced.has(name)), ...headers],
  });
}

/** A connection nothing can be sent on. */
export function connectionOf(peer: Peer, id = 'connection-1'): Connection {
  return {
    id,
    peer,
    label: 'sip',
    local: { address: '127.10.1.11', port: 1 },
    remote: { address: '127.10.8.11', port: 2 },
    send: () => false,
    close() {},
  };
}

/** What a decider of the Director sees. */
export function contextOf(
  request: SipRequest,
  peer: Peer = edge,
  facts: DirectorFacts = {},
): DirectorContext {
  return { request, peer, connection: connectionOf(peer), receivedAt: 1_000_000, facts };
}
