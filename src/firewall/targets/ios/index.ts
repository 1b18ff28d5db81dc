import type { Target } from '../model.ts';
import { remarkLength } from '../cisco/remarks.ts';
import { stateless } from '../stateless.ts';
import { read } from './read.ts';
import { render } from './render.ts';

/** Cisco IOS and IOS-XE: an access list for each family, for packets coming in on every interface. */
export const ios: Target = {
  name: 'ios',
  only: 'firewalls',
  limits: { remarkLength },
  becomes: stateless,
  render,
  read,
};
