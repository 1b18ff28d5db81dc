import { refuse } from '#director';
import type { Self } from '#director';
import type { UserDirectory } from '#identity';
import { aorOf, continueChain } from '#sip';
import type { NamedDecider } from '#sip';
import { servesDomain } from '#topology';
import type { FrontEndContext } from './context.ts';

/**
 * Finds the user the Request-URI addresses: 404 with 1005 for domains we do not serve, 1003 for users
 * that do not exist, 4005 for those switched off. Sets `target`.
 */
export function locateTarget(self: Self, directory: UserDirectory): NamedDecider<FrontEndContext> {
  const source = self.host.fqdn;
  return {
    name: 'locateTarget',
    async decide({ request, facts }) {
      const { uri } = request;
      if (uri.user === undefined || !servesDomain(self.topology, uri.host)) {
        return refuse(404, 'Not Found', 'foreignDomain', source);
      }
      const user = await directory.find(aorOf(uri));
      if (user === undefined) return refuse(404, 'Not Found', 'unknownUser', source);
      if (!user.enabled) return refuse(404, 'Not Found', 'targetNotEnabled', source);
      facts.target = user;
      return continueChain;
    },
  };
}
