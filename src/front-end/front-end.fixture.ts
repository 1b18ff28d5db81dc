import { readFileSync } from 'node:fs';
import { SignInBackoff, selfOf } from '#director';
import type { Challenger, Gate } from '#director';
import type { User, UserDirectory } from '#identity';
import { loadPlan } from '#ports';
import type { Plan } from '#ports';
import { buildRequest, edit } from '#sip';
import type { Connection, HeaderField, Outcome, Peer, SipRequest, Target } from '#sip';
import { findHost } from '#topology';
import { Bindings } from './policy/bindings.ts';
import type { Binding } from './policy/bindings.ts';
import type { FrontEndContext, FrontEndFacts, HopsTo } from './policy/context.ts';
import { DialogTokens } from './policy/dialog-token.ts';

const file = new URL('../../examples/contoso.yaml', import.meta.url);

/** The plan of the reference deployment, every port moved by the offset. */
export function contosoPlan(portOffset = 0): Plan {
  const loaded = loadPlan(readFileSync(file, 'utf8'), 'contoso.yaml', { portOffset });
  if (!loaded.ok) throw new Error('The example topology has faults');
  return loaded.plan;
}

export const plan: Plan = contosoPlan();

/** The point of view of one server of the example. */
export function selfAt(fqdn: string): ReturnType<typeof selfOf> {
  const host = findHost(plan.topology, fqdn);
  if (host === undefined) throw new Error(`No ${fqdn} in the example`);
  return selfOf(plan.topology, host);
}

export const fe01 = selfAt('fe01.contoso.net');

/** Homed in the pool of fe01 and fe02, with fe03's as backup. */
export const alice: User = {
  aor: 'alice@contoso.com',
  displayName: 'Alice',
  homePool: 'fepool01.contoso.net',
  enabled: true,
};
/** Homed in the pool of fe03, with that of fe01 and fe02 as backup. */
export const bob: User = {
  aor: 'bob@contoso.com',
  displayName: 'Bob',
  homePool: 'fepool02.contoso.net',
  enabled: true,
};
export const carol: User = { ...alice, aor: 'carol@contoso.com', enabled: false };

/** A directory that holds these users and no passwords. */
export function directoryOf(...users: readonly User[]): UserDirectory {
  return {
    find: (aor: string) => users.find((user) => user.aor === aor),
    verifier: () => undefined,
    close() {},
  };
}

export const everybody = directoryOf(alice, bob, carol);

/** A gate that finds every password right, for the user the username names. */
export function gateAt(self = fe01, directory = everybody): Gate {
  const challenger: Challenger = {
    challenges: () => ['Digest realm="contoso.com"'],
    async verify({ credentials }) {
      const name = /username="(?<name>[^"]*)"/u.exec(credentials)?.groups?.['name'] ?? '';
      const user = await directory.find(`${name}@contoso.com`);
      return user === undefined ? { kind: 'refused', code: 'unknown-user' } : { kind: 'ok', user };
    },
  };
  return {
    self,
    realms: new Map([['contoso.com', challenger]]),
    directory,
    backoff: new SignInBackoff(),
  };
}

export const director: Peer = { kind: 'server', fqdn: 'dir01.contoso.net' };
export const edge: Peer = { kind: 'server', fqdn: 'edge01.contoso.net' };
export const client: Peer = { kind: 'client' };
export const server = (fqdn: string): Peer => ({ kind: 'server', fqdn });

export const tokens = new DialogTokens(Buffer.alloc(32, 7));

/** Every host of the example is reached under its own name. */
export const hopsTo: HopsTo = (name) => {
  const host = findHost(plan.topology, name);
  return host === undefined ? [] : [{ address: host.addresses[0] ?? '', port: 1, name: host.fqdn }];
};

export const now = 1_000_000;

/** A request from alice to bob; `headers` come after the mandatory ones, or replace them by name. */
export function requestOf(
  method: string,
  uri = 'sip:bob@contoso.com',
  headers: readonly HeaderField[] = [],
): SipRequest {
  const usual: readonly HeaderField[] = [
    ['Via', 'SIP/2.0/TLS dir01.contoso.net;branch=z9hG4bKdirector'],
    ['Max-Forwards', '69'],
    ['From', '<sip:alice@contoso.com>;tag=1'],
    ['To', method === 'REGISTER' ? '<sip:alice@contoso.com>' : '<sip:bob@contoso.com>'],
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

/** What a decider of the Front End sees. */
export function contextOf(
  request: SipRequest,
  peer: Peer,
  facts: FrontEndFacts = {},
  connectionId = 'connection-1',
): FrontEndContext {
  const connection: Connection = {
    id: connectionId,
    peer,
    label: 'sip',
    local: { address: '127.10.2.11', port: 1 },
    remote: { address: '127.30.0.9', port: 2 },
    send: () => false,
    close() {},
  };
  return { request, peer, connection, receivedAt: now, facts };
}

/** Bindings of alice at these places. */
export function bindingsAt(...places: readonly Partial<Binding>[]): Bindings {
  const bindings = new Bindings();
  for (const [index, place] of places.entries()) {
    const result = bindings.update(
      alice.aor,
      {
        contacts: [
          {
            uri: place.uri ?? `sip:alice@192.0.2.${index + 1}`,
            q: place.q ?? 1,
            instance: place.instance,
            regId: place.regId,
            lifetime: 3600,
          },
        ],
        path: place.path ?? [],
        connection: place.connection,
        callId: `registration-${index}`,
        cseq: 1,
      },
      now,
    );
    if (result.kind !== 'ok') throw new Error(result.kind);
  }
  return bindings;
}

/** A target, and the request as it leaves towards it. */
export interface Leaving {
  readonly target: Target;
  readonly request: SipRequest;
}

/** The targets of a forward, and the request as it leaves towards each; fails the test on any other outcome. */
export function leaving(outcome: Outcome, request: SipRequest): readonly (readonly Leaving[])[] {
  if (outcome.kind !== 'forward') throw new Error(`Not forwarded: ${JSON.stringify(outcome)}`);
  const { plan: forward } = outcome;
  return forward.groups.map((group) =>
    group.map((target) => {
      const edited = edit(request, [...(forward.edits ?? []), ...(target.edits ?? [])]);
      const { requestUri } = target;
      return {
        target,
        request:
          requestUri === undefined
            ? edited
            : edit(edited, [{ op: 'requestUri', value: requestUri }]),
      };
    }),
  );
}

/** The one target of a forward. */
export function leavingOnce(outcome: Outcome, request: SipRequest): Leaving {
  const [only, ...others] = leaving(outcome, request).flat();
  if (only === undefined || others.length > 0) throw new Error('Not exactly one target');
  return only;
}
