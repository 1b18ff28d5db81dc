import type { SipRequest } from '../message/index.ts';
import type { Connection, Peer } from '../transport/connection.ts';
import type { BranchIds } from './branch-id.ts';
import type { RequestContext } from './model.ts';

/** A request on its way through the deciders. */
export class ServerContext implements RequestContext {
  readonly request: SipRequest;
  readonly connection: Connection;
  readonly receivedAt: number;
  readonly #branches: BranchIds;
  #mark: string | undefined = undefined;

  constructor(request: SipRequest, connection: Connection, at: number, branches: BranchIds) {
    this.request = request;
    this.connection = connection;
    this.receivedAt = at;
    this.#branches = branches;
  }

  get peer(): Peer {
    return this.connection.peer;
  }

  get loopMark(): string {
    return (this.#mark ??= this.#branches.mark(this.request));
  }
}
