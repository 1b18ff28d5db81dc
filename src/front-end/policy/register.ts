import { aorOfUri, redirectToHome, refuse } from '#director';
import type { Self } from '#director';
import type { UserDirectory } from '#identity';
import { continueChain } from '#sip';
import type { NamedDecider, Outcome } from '#sip';
import { findPool, servesDomain } from '#topology';
import type { Bindings } from './bindings.ts';
import type { FrontEndContext } from './context.ts';
import { defaultRegistrationLimits, readRegistration, registrationAnswer } from './registration.ts';
import type { RegistrationLimits } from './registration.ts';

/** What the registrar needs. */
export interface Registrar {
  readonly self: Self;
  readonly directory: UserDirectory;
  readonly bindings: Bindings;
  /** The SIP port of the plan, for redirects. */
  readonly port: number;
  readonly limits?: RegistrationLimits;
}

/**
 * The registrar (RFC 3261 10.3) for users whose home pool is ours, or whose home pool has ours as its
 * backup; others are told where their home is (301). Only users themselves register (403, 4004).
 */
export function register(registrar: Registrar): NamedDecider<FrontEndContext> {
  const { self, directory, bindings, port, limits = defaultRegistrationLimits } = registrar;
  const source = self.host.fqdn;
  return {
    name: 'register',
    async decide(context) {
      const { request, facts, receivedAt } = context;
      if (request.method !== 'REGISTER') return continueChain;
      const { host } = request.uri;
      if (!servesDomain(self.topology, host) && !self.names.has(host)) {
        return refuse(404, 'Not Found', 'foreignDomain', source);
      }
      const aor = aorOfUri(request.to.uri);
      if (aor === undefined) return refuse(404, 'Not Found', 'unknownUser', source);
      if (aor !== facts.caller) return refuse(403, 'Forbidden', 'notAuthorized', source);
      const user = await directory.find(aor);
      if (user === undefined) return refuse(404, 'Not Found', 'unknownUser', source);
      if (!user.enabled) return refuse(403, 'Forbidden', 'notEnabled', source);

      const home = findPool(self.topology, user.homePool);
      if (home === undefined) return refuse(404, 'Not Found', 'notInPool', source);
      if (self.host.pool !== home.fqdn && self.host.pool !== home.backupPool) {
        const backup = findPool(self.topology, home.backupPool ?? '');
        return redirectToHome('REGISTER', backup === undefined ? [home] : [home, backup], port);
      }
      const flow = facts.origin === 'client' ? context.connection.id : undefined;
      const read = readRegistration(request, flow, limits);
      if ('refusal' in read) return read.refusal;
      const result = bindings.update(aor, read.registration, receivedAt);
      return result.kind === 'ok'
        ? registrationAnswer(request, read.registration, result.bindings, receivedAt)
        : notGranted[result.kind];
    },
  };
}

const notGranted: Readonly<Record<'outOfOrder' | 'tooMany', Outcome>> = {
  outOfOrder: { kind: 'respond', status: 400, reason: 'CSeq Out of Order' },
  tooMany: { kind: 'respond', status: 403, reason: 'Too Many Bindings' },
};
