import { UsherError } from '#base';
import type { EngineName } from '#topology';
import type { EngineFactory } from '../engine.ts';
import { EmbeddedEngine } from './embedded.ts';
import { NftablesEngine } from '../nftables/engine.ts';

/**
 * The data path of a name that `engine:` of the topology takes.
 *
 * @throws UsherError `USHER_ENGINE` for one this version does not have
 */
export function engineNamed(name: EngineName): EngineFactory {
  switch (name) {
    case 'embedded':
      return (context) => new EmbeddedEngine(context);
    case 'nftables':
      return (context) => new NftablesEngine(context);
    case 'haproxy':
      throw new UsherError('USHER_ENGINE', `This version has no engine ${name}.`, {
        remedy: 'Write "engine: embedded" or "engine: nftables" in the topology.',
      });
    default:
      return name satisfies never;
  }
}
