import { homed, twinned } from './scenario.ts';
import type { Scenarios } from './scenario.ts';

const challenged = 'alice -> REGISTER [contact desk] | alice <- 401';

/** One user and her places: the registrar of RFC 3261 10.3. */
export const registrations: Scenarios = {
  testRegisterBasic: twinned(
    'a challenge, and with the right answer the binding (RFC 3261 10.3)',
    `${challenged} | alice -> REGISTER [contact desk] [signed] | alice <- 200 [contact desk;expires=3600]`,
  ),
  testDigestRegister: homed(
    'the challenge names realm, nonce and algorithm; the answer signs alice in (RFC 8760)',
    `alice -> REGISTER [contact desk] | alice <- 401 [~WWW-Authenticate realm="contoso.com"]
     alice -> REGISTER [contact desk] [signed] | alice <- 200 [contact desk]`,
  ),
  testFetch: twinned(
    'a REGISTER without Contact asks which bindings there are (RFC 3261 10.2.3)',
    `${challenged} | alice -> REGISTER [contact desk] [signed] | alice <- 200
     alice -> REGISTER [signed] | alice <- 200 [contact desk]`,
  ),
  testFetchNonExistent: twinned(
    'without bindings the answer names none',
    'alice -> REGISTER | alice <- 401 | alice -> REGISTER [signed] | alice <- 200 [contact none]',
  ),
  testRefresh: twinned(
    'a refresh begins the lifetime anew',
    `${challenged} | alice -> REGISTER [contact desk;expires=600] [signed] | alice <- 200
     wait 200s | alice -> REGISTER [signed] | alice <- 200 [contact desk;expires=400]
     alice -> REGISTER [contact desk;expires=600] [signed] | alice <- 200 [contact desk;expires=600]`,
  ),
  testUnregisterAll: homed(
    'Contact * with Expires 0 removes every binding (RFC 3261 10.2.2)',
    `${challenged} | alice -> REGISTER [contact desk, mobile] [signed] | alice <- 200 [contact desk, mobile]
     alice -> REGISTER [contact *] [Expires: 0] [signed] | alice <- 200 [contact none]`,
  ),
  testUnregisterAllBadExpires: twinned(
    '* with any other lifetime is refused, and nothing changes (RFC 3261 10.3 step 6)',
    `${challenged} | alice -> REGISTER [contact desk] [signed] | alice <- 200
     alice -> REGISTER [contact *] [Expires: 60] [signed] | alice <- 400
     alice -> REGISTER [signed] | alice <- 200 [contact desk]`,
  ),
  testExpiryCleanup: twinned(
    'a binding ends with its lifetime',
    `${challenged} | alice -> REGISTER [contact desk;expires=60] [signed] | alice <- 200
     wait 61s | alice -> REGISTER [signed] | alice <- 200 [contact none]`,
  ),
};
