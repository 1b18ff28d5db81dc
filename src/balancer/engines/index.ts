import type { EngineName } from '#topology';
import type { EngineFactory } from '../engine.ts';
import { HaproxyEngine } from '../haproxy/engine.ts';
import { EmbeddedEngine } from './embedded.ts';
import { NftablesEngine } from '../nftables/engine.ts';

/** The data path of a name that `engine:` of the topology takes. */
export function engineNamed(name: EngineName): EngineFactory {
  switch (name) {
    case 'embedded':
      return (context) => new EmbeddedEngine(context);
    case 'nftables':
      return (context) => new NftablesEngine(context);
    case 'haproxy':
      return (context) => new HaproxyEngine(context);
    default:
      return name satisfies never;
  }
}
