import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type Case, parseGroup } from './measure.ts';
import { type Sample, sampleMessages } from './messages.ts';

/** A SIP parser of the npm registry: the six headers of a message, added up as our own case does. */
interface Peer {
  readonly name: string;
  /** What is loaded, below `node_modules`. */
  readonly file: string;
  readonly reader: (module: unknown) => (text: string) => number;
}

type Params = Readonly<Record<string, string | undefined>>;

/** Something of a module that can be called; what it gives is checked by comparing the sums. */
function callable<Callable>(): z.ZodType<Callable> {
  return z.custom<Callable>((value) => typeof value === 'function');
}

function sum(
  branch: string | undefined,
  fromTag: string | undefined | null,
  toTag: string | undefined | null,
  callId: string,
  cseq: number,
  maxForwards: string | number | undefined,
): number {
  const tags = (fromTag?.length ?? 0) + (toTag?.length ?? 0);
  return (branch?.length ?? 0) + tags + callId.length + cseq + Number(maxForwards ?? 0);
}

interface SipParsed {
  readonly headers: {
    readonly via: readonly { readonly params: Params }[];
    readonly from: { readonly params: Params };
    readonly to: { readonly params: Params };
    readonly 'call-id': string;
    readonly cseq: { readonly seq: number };
    readonly 'max-forwards'?: string;
  };
}

interface DrachtioMessage {
  get(name: string): string;
  getParsedHeader(name: 'via'): readonly { readonly params: Params }[];
  getParsedHeader(name: 'from' | 'to'): { readonly params: Params };
  getParsedHeader(name: 'cseq'): { readonly seq: number };
}

interface JsSipMessage {
  readonly via_branch: string;
  readonly from_tag: string;
  readonly to_tag: string | undefined;
  readonly call_id: string;
  readonly cseq: number;
  getHeader(name: string): string | undefined;
}

interface SipJsMessage {
  readonly viaBranch: string;
  readonly fromTag: string;
  readonly toTag: string | undefined;
  readonly callId: string;
  readonly cseq: number;
  getHeader(name: string): string | undefined;
}

const peers: readonly Peer[] = [
  {
    name: 'sip',
    file: 'sip/sip.js',
    reader: (module) => {
      const { parse } = z.object({ parse: callable<(text: string) => SipParsed>() }).parse(module);
      return (text) => {
        const { via, from, to, cseq, ...others } = parse(text).headers;
        return sum(
          via[0]?.params['branch'],
          from.params['tag'],
          to.params['tag'],
          others['call-id'],
          cseq.seq,
          others['max-forwards'],
        );
      };
    },
  },
  {
    name: 'drachtio-sip',
    file: 'drachtio-sip/index.js',
    reader: (module) => {
      const { SipMessage: Message } = z
        .object({ SipMessage: callable<new (text: string) => DrachtioMessage>() })
        .parse(module);
      return (text) => {
        const message = new Message(text);
        return sum(
          message.getParsedHeader('via')[0]?.params['branch'],
          message.getParsedHeader('from').params['tag'],
          message.getParsedHeader('to').params['tag'],
          message.get('call-id'),
          message.getParsedHeader('cseq').seq,
          message.get('max-forwards'),
        );
      };
    },
  },
  {
    name: 'jssip',
    file: 'jssip/lib/Parser.js',
    reader: (module) => {
      const { parseMessage: parse } = z
        .object({ parseMessage: callable<(text: string, agent: object) => JsSipMessage>() })
        .parse(module);
      const agent = {};
      return (text) => {
        const message = parse(text, agent);
        return sum(
          message.via_branch,
          message.from_tag,
          message.to_tag,
          message.call_id,
          message.cseq,
          message.getHeader('max-forwards'),
        );
      };
    },
  },
  {
    name: 'sip.js',
    file: 'sip.js/lib/core/messages/parser.js',
    reader: (module) => {
      const { Parser } = z
        .object({
          Parser: z.object({
            parseMessage: callable<(text: string, logger: object) => SipJsMessage>(),
          }),
        })
        .parse(module);
      const silent = { warn: () => undefined, error: () => undefined };
      return (text) => {
        const message = Parser.parseMessage(text, silent);
        return sum(
          message.viaBranch,
          message.fromTag,
          message.toTag,
          message.callId,
          message.cseq,
          message.getHeader('max-forwards'),
        );
      };
    },
  },
];

const manifest = z.object({ version: z.string() });

/** What is installed below a directory, with its version, and what of it can read our messages. */
export interface Peers {
  readonly names: readonly string[];
  readonly cases: readonly Case[];
  /** Why a peer is left out of a group. */
  readonly notes: readonly string[];
}

/** The peers below `directory/node_modules`; those that read another sum than `expected` are left out. */
export function loadPeers(directory: string, expected: (sample: Sample) => number): Peers {
  const root = join(resolve(directory), 'node_modules');
  const load = createRequire(join(root, 'x.js'));
  const names: string[] = [];
  const cases: Case[] = [];
  const notes: string[] = [];
  for (const { name, file, reader } of peers) {
    if (!existsSync(join(root, file))) {
      notes.push(`${name} is not installed`);
      continue;
    }
    names.push(`${name} ${manifest.parse(load(join(root, name, 'package.json'))).version}`);
    const read = reader(load(join(root, file)));
    for (const sample of sampleMessages) {
      // Bytes in, as from a socket: whoever wants text makes it.
      const run = (): number => read(sample.bytes.toString('latin1'));
      const own = expected(sample);
      const found = run();
      if (found === own) cases.push({ group: parseGroup(sample.name), name, run });
      else notes.push(`${name} reads the ${sample.name} as ${found}, not ${own}`);
    }
  }
  return { names, cases, notes };
}
