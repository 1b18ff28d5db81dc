import {
  assertAgreement,
  assertEditAgreement,
  headsOf,
} from '../../src/sip/message/agreement.fixture.ts';
import { exercise, proxyEdits } from '../../src/sip/message/exercise.fixture.ts';
import { Random, cutRandomly, mutate } from '../../src/sip/message/mutation.fixture.ts';
import { samples, tortureMessages } from '../../src/sip/message/samples.fixture.ts';

const seeds: readonly string[] = [...samples, ...tortureMessages()];

/** Input number `index` of a run: the same bytes in the same pieces for the same seed. */
export function inputOf(seed: number, index: number): Buffer[] {
  const random = new Random(seed, index);
  return cutRandomly(Buffer.from(mutate(seeds, random), 'latin1'), random);
}

/** Everything the product does with the bytes of a connection. Throws what must never be thrown. */
export function parse(chunks: readonly Buffer[]): void {
  for (const message of headsOf(chunks)) exercise(message);
}

/** Throws when parser or edits say something else than the oracle. */
export function compare(chunks: readonly Buffer[]): void {
  assertAgreement(chunks);
  for (const message of headsOf(chunks)) {
    for (const edits of proxyEdits) assertEditAgreement(message, edits);
  }
}
