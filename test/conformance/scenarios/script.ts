/** One line of a script. */
export type Step =
  /** `alice -> INVITE bob [note]`, `bob -> 180 INVITE [note]`. */
  | (Message & { readonly kind: 'sends' })
  /** `bob <- INVITE [note]`, `alice <- 200 CANCEL [note]`: the next message that was not read yet. */
  | (Message & { readonly kind: 'reads' })
  /** `relay relays INVITE [note]`: passes on what it read last, as a proxy does. */
  | (Message & { readonly kind: 'relays' })
  /** `bob reflects INVITE [as ACK]`: sends what it was sent, or has sent, as it is or as something else. */
  | (Message & { readonly kind: 'reflects' })
  /** `alice calls bob`: INVITE, challenge, INVITE. */
  | { readonly kind: 'calls'; readonly who: string; readonly of: string; readonly line: string }
  /** `alice registers`: REGISTER, challenge, REGISTER, 200. */
  | { readonly kind: 'registers' | 'closes'; readonly who: string; readonly line: string }
  /** `wait 32s`. */
  | { readonly kind: 'waits'; readonly seconds: number; readonly line: string };

interface Message {
  readonly who: string;
  /** Method of a request or status of a response. */
  readonly what: string;
  /** Whom a request is for, or the method a response answers. */
  readonly of: string | undefined;
  readonly notes: readonly string[];
  readonly line: string;
}

const verbs = { '->': 'sends', '<-': 'reads', relays: 'relays', reflects: 'reflects' } as const;
const messageLine =
  /^(?<who>[\w.]+) (?<verb>->|<-|relays|reflects) (?<what>\w+)(?: (?<of>[^\s[]+))?(?<notes>(?: \[[^\]]*\])*)$/u;
const actorLine = /^(?<who>[\w.]+) (?<verb>registers|closes)$/u;
const callLine = /^(?<who>[\w.]+) calls (?<of>\w+)$/u;
const waitLine = /^wait (?<seconds>[\d.]+)s$/u;

/**
 * Reads a script: one step a line, or several with `|` between them; see `Step` and `docs/conformance.md`.
 * Throws on a line that is none of these.
 */
export function readScript(script: string): readonly Step[] {
  const lines = script.split(/[\n|]/u).map((line) => line.trim());
  return lines.filter((line) => line !== '').map(readLine);
}

function readLine(line: string): Step {
  const seconds = waitLine.exec(line)?.groups?.['seconds'];
  if (seconds !== undefined) return { kind: 'waits', seconds: Number(seconds), line };
  const actor = actorLine.exec(line)?.groups;
  if (actor !== undefined) {
    const kind = actor['verb'] === 'closes' ? 'closes' : 'registers';
    return { kind, who: actor['who'] ?? '', line };
  }
  const call = callLine.exec(line)?.groups;
  if (call !== undefined) {
    return { kind: 'calls', who: call['who'] ?? '', of: call['of'] ?? '', line };
  }
  const message = messageLine.exec(line)?.groups;
  const kind = Object.entries(verbs).find(([verb]) => verb === message?.['verb'])?.[1];
  if (message === undefined || kind === undefined) throw new Error(`No step: ${line}`);
  const notes = [...(message['notes'] ?? '').matchAll(/\[(?<note>[^\]]*)\]/gu)];
  return {
    kind,
    who: message['who'] ?? '',
    what: message['what'] ?? '',
    of: message['of'],
    notes: notes.map(({ groups }) => groups?.['note'] ?? ''),
    line,
  };
}
