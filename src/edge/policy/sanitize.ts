import { continueChain } from '#sip';
import type { EdgeDecider } from './context.ts';

/**
 * Fields that servers of the trust domain believe each other (RFC 3325, 3327, 3455, 7315) and that
 * decide about routes; from a client they are a lie or a leak.
 */
export const trustDomainFields: readonly string[] = [
  'P-Asserted-Identity',
  'P-Preferred-Identity',
  'P-Asserted-Service',
  'Remote-Party-ID',
  'P-Served-User',
  'P-Charging-Vector',
  'P-Charging-Function-Addresses',
  'Path',
  'Service-Route',
];

/**
 * Removes from a client's request what only servers may say. Record-Route is among it: a client is
 * no proxy, and a route it invented would be followed by everybody in the dialog.
 */
export const sanitize: EdgeDecider = {
  name: 'sanitize',
  decide: ({ request, edits }) => {
    for (const name of [...trustDomainFields, 'Record-Route']) {
      if (request.header(name) !== undefined) edits.push({ op: 'remove', name });
    }
    return continueChain;
  },
};
