import type { Account, ClosureProof, Conversation, ProbeResult, RefusalProof } from '#proof';

/** Packets an agent sends: every source to every destination at every port. */
export interface Emission {
  /** Source port of all of them: the mark by which devices know them. */
  readonly mark: number;
  readonly protocols: readonly ('tcp' | 'udp')[];
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
  /** First and last port of each range. */
  readonly ports: readonly (readonly [first: number, last: number])[];
}

/** What the lab asks of the agent in a namespace. */
export type Order =
  | ({ readonly kind: 'emit' } & Emission)
  /** Prove the rows that start here, whatever must not get in here, and what listens here. */
  | {
      readonly kind: 'prove';
      readonly topologyFile: string;
      readonly stateDirectory: string;
      /** FQDN of the host it is; undefined for clients. */
      readonly host: string | undefined;
      /** Whether that host runs Usher: what listens there is then as the port table says. */
      readonly ours: boolean;
      /** Source of flows it plays when it is no host, e.g. `internalClient`. */
      readonly role: string | undefined;
    }
  /** Let two users meet, both from here. */
  | {
      readonly kind: 'converse';
      readonly topologyFile: string;
      readonly stateDirectory: string;
      readonly accounts: readonly [Account, Account];
    };

/** A row as it looks from here. */
export interface SeenRow {
  readonly flow: string;
  readonly probes: readonly ProbeResult[];
}

/** What an agent answers. */
export type Answer =
  | { readonly kind: 'ready' }
  /** `failed`: what the kernel would not even begin to send, by error code. */
  | {
      readonly kind: 'emitted';
      readonly sent: number;
      readonly failed: Readonly<Record<string, number>>;
    }
  | {
      readonly kind: 'proved';
      readonly rows: readonly SeenRow[];
      readonly refusals: readonly RefusalProof[];
      /** Undefined where nothing of ours listens: at clients, and hosts of another make. */
      readonly closed: ClosureProof | undefined;
    }
  | { readonly kind: 'conversed'; readonly conversation: Conversation }
  | { readonly kind: 'failed'; readonly message: string };

/** True for an order this version understands. */
export function isOrder(message: unknown): message is Order {
  return kindOf(message, ['emit', 'prove', 'converse']);
}

/** True for an answer this version understands. */
export function isAnswer(message: unknown): message is Answer {
  return kindOf(message, ['ready', 'emitted', 'proved', 'conversed', 'failed']);
}

function kindOf(message: unknown, kinds: readonly string[]): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    'kind' in message &&
    typeof message.kind === 'string' &&
    kinds.includes(message.kind)
  );
}
