import type { Service } from '#topology';
import type { ProbeSource } from './dial.ts';
import type { Prober } from './prober.ts';
import { sipProber } from './sip.ts';
import { connectProber, plainWebProber, secureWebProber } from './web.ts';

/** The prober that plays the row of each service. */
export function probersFor(source: ProbeSource): Prober {
  const secureWeb = secureWebProber(source);
  const plainWeb = plainWebProber(source);
  const others = connectProber(source);
  const own: Readonly<Partial<Record<Service, Prober>>> = {
    sip: sipProber(source),
    webInternal: secureWeb,
    webExternal: secureWeb,
    webInternalPlain: plainWeb,
    webExternalPlain: plainWeb,
  };
  return (target, signal) => (own[target.service] ?? others)(target, signal);
}
