import { everyIPv4, everyIPv6, matching } from './model.ts';
import type { Family, Match, Rule } from './model.ts';

export const onlyIPv4: Match = matching({ source: everyIPv4, destination: everyIPv4 });
export const onlyIPv6: Match = matching({ source: everyIPv6, destination: everyIPv6 });

/** Every packet of a family. */
export const packetsOf = (family: Family): Match => (family === 4 ? onlyIPv4 : onlyIPv6);

/** Lets the packets of a family through that a table of the other one does not see. */
export const passing = (family: Family): Rule => ({
  id: '',
  match: packetsOf(family),
  action: { kind: 'accept' },
});
