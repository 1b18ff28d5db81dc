import { connectionStates, exactly, matching, protocols } from '../model.ts';
import type { ConnectionState, Match } from '../model.ts';

const first: readonly ConnectionState[] = ['new', 'related'];

/** As `nft` prints and takes them; spaces stand where words end. */
const forms = [
  /^tcp flags (?<sign>== |!= )?syn \/ fin ?, ?syn ?, ?rst ?, ?ack(?: |$)/u,
  /^tcp flags & \( ?fin \| syn \| rst \| ack ?\) (?<sign>== |!= )syn(?: |$)/u,
];

/**
 * `tcp flags & (fin | syn | rst | ack) == syn`: TCP that opens a connection, which the model knows as a state.
 * The packets, and how many words say so; undefined when the words say something else.
 */
export function openingOf(
  words: readonly string[],
): { readonly match: Match; readonly length: number } | undefined {
  const text = words.slice(0, 20).join(' ');
  for (const form of forms) {
    const found = form.exec(text);
    if (found === null) continue;
    const opens = found.groups?.['sign'] !== '!= ';
    return {
      match: matching({
        protocol: exactly(protocols.tcp),
        states: connectionStates.filter((state) => first.includes(state) === opens),
      }),
      length: found[0].trim().split(' ').length,
    };
  }
  return undefined;
}
