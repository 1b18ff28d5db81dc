import type {
  Connection,
  HeaderEdit,
  NamedDecider,
  Outcome,
  Peer,
  RequestContext,
  SipRequest,
} from '#sip';
import type { EdgeFacts } from './facts.ts';
import type { FlowTokens } from './flow-tokens.ts';
import type { Lanes } from './lanes.ts';
import type { RateLimit } from './rate-limit.ts';

/** What an Edge's deciders share: facts, and the little state they keep. */
export interface EdgeTools {
  readonly facts: EdgeFacts;
  readonly tokens: FlowTokens;
  readonly lanes: Lanes;
  readonly rate: RateLimit;
  readonly ackRate: RateLimit;
  /** The connection of this id while it is open; a promise when another process of the Edge may have it. */
  readonly connection: (id: string) => Connection | Promise<Connection | undefined> | undefined;
}

/** What the Route set of a request says about us. */
export interface OwnRoute {
  /** The user part of our topmost entry, and the id of the connection it stands for. */
  readonly token: string;
  readonly flow: string;
  /** Host of the entry after ours; undefined when ours was the last. */
  readonly nextHost: string | undefined;
}

/** One request on its way through an Edge; deciders fill in what later ones need. */
export class EdgeContext implements RequestContext {
  readonly request: SipRequest;
  readonly connection: Connection;
  readonly receivedAt: number;
  readonly tools: EdgeTools;
  /** Edits to be made wherever the request goes. */
  readonly edits: HeaderEdit[] = [];
  /** Undefined when the topmost Route is not ours, or carries no token of ours. */
  own: OwnRoute | undefined = undefined;
  /** What the core handed over; it computes the loop mark only when asked. */
  readonly base: RequestContext;

  constructor(base: RequestContext, tools: EdgeTools) {
    this.base = base;
    this.request = base.request;
    this.connection = base.connection;
    this.receivedAt = base.receivedAt;
    this.tools = tools;
  }

  get peer(): Peer {
    return this.connection.peer;
  }
}

export type EdgeDecider = NamedDecider<EdgeContext>;

/** A decider of the SIP core, asked with the core's own context. */
export function fromCore({ name, decide }: NamedDecider): EdgeDecider {
  return { name, decide: ({ base }) => decide(base) };
}

/** True when the request came from a remote client. */
export function isFromOutside({ connection, tools }: EdgeContext): boolean {
  return tools.facts.outsideLabels.has(connection.label);
}

/** A refusal by the Edge itself, with the diagnostics clients of the reference read. */
export function refuse(
  context: EdgeContext,
  status: number,
  reason: string,
  diagnostics: { readonly id: number; readonly text: string },
): Outcome {
  const { facts } = context.tools;
  const source = isFromOutside(context) ? facts.outside : facts.inside;
  const value = `${diagnostics.id};reason="${diagnostics.text}";source="${source}"`;
  return { kind: 'respond', status, reason, headers: [['ms-diagnostics', value]] };
}
