import { ownerOf } from '#base';
import { detach, sameUri } from '#sip';
import { RecentlyGone } from './recently-gone.ts';

/**
 * One place a user can be reached at (RFC 3261 10.3). Strings are detached from the message they came
 * in, so that a registration of an hour does not keep a kilobyte alive for every field.
 */
export interface Binding {
  /** Contact URI as registered. */
  readonly uri: string;
  /** 0 to 1, default 1 (RFC 3261 20.10). */
  readonly q: number;
  /** `+sip.instance` as written, without quotes. */
  readonly instance: string | undefined;
  /** `reg-id`: which of its flows the instance registered (RFC 5626 4.2). */
  readonly regId: string | undefined;
  /** Path values, nearest to the registrar first (RFC 3327). */
  readonly path: readonly string[];
  /** The connection an internal client registered over; its requests go back the same way. */
  readonly connection: string | undefined;
  readonly callId: string;
  readonly cseq: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** When it was registered last; milliseconds since the epoch. Of two for one place the later one counts. */
  readonly updatedAt: number;
}

/** One binding that was made, refreshed or dropped, for whoever keeps a copy. */
export interface BindingChange {
  readonly kind: 'put' | 'gone';
  readonly aor: string;
  readonly binding: Binding;
}

/** One contact of a REGISTER: what it asks for its place. `lifetime` in seconds; 0 removes. */
export interface ContactUpdate extends Pick<Binding, 'uri' | 'q' | 'instance' | 'regId'> {
  readonly lifetime: number;
}

/** What one REGISTER asks for. */
export interface Registration extends Pick<Binding, 'path' | 'connection' | 'callId' | 'cseq'> {
  /** `*` removes everything. */
  readonly contacts: readonly ContactUpdate[] | '*';
}

export interface BindingLimits {
  readonly perUser: number;
  readonly total: number;
}

/** Fits a user with a desk phone, softphones and a few stale flows; and a server with 8 GB. */
export const defaultBindingLimits: BindingLimits = { perUser: 12, total: 500_000 };

export type UpdateResult =
  | { readonly kind: 'ok'; readonly bindings: readonly Binding[] }
  /** A request overtaken by a later one of the same client; nothing was changed. */
  | { readonly kind: 'outOfOrder' }
  | { readonly kind: 'tooMany' };

/**
 * The location service of one Front End: who is reachable where. Pure; the time comes in as an
 * argument (milliseconds since the epoch). An update is applied as a whole or not at all.
 *
 * Where several processes serve the Front End each has all bindings: `changed` hears of those made here, and
 * `take` applies those made elsewhere. What expires every copy drops by itself.
 */
export class Bindings {
  readonly #limits: BindingLimits;
  readonly #changed: ((changes: readonly BindingChange[]) => void) | undefined;
  readonly #users = new Map<string, readonly Binding[]>();
  /** Users by the connection they registered over. */
  readonly #connections = new Map<string, Set<string>>();
  readonly #gone = new RecentlyGone();
  #count = 0;
  #sweeper: Iterator<[string, readonly Binding[]]> | undefined;

  constructor(
    limits: BindingLimits = defaultBindingLimits,
    changed?: (changes: readonly BindingChange[]) => void,
  ) {
    this.#limits = limits;
    this.#changed = changed;
  }

  /** Bindings held, expired ones not yet swept included. */
  get size(): number {
    return this.#count;
  }

  /** Users with bindings. */
  get users(): number {
    return this.#users.size;
  }

  /** The living bindings of a user. */
  of(aor: string, now: number): readonly Binding[] {
    const all = this.#users.get(aor);
    if (all === undefined) return none;
    return all.every((binding) => binding.expiresAt > now)
      ? all
      : all.filter((binding) => binding.expiresAt > now);
  }

  /** Applies what a REGISTER asks for (RFC 3261 10.3, steps 6 and 7). */
  update(aor: string, registration: Registration, now: number): UpdateResult {
    const { contacts, callId, cseq } = registration;
    const before = this.of(aor, now);
    const overtaken = (binding: Binding): boolean =>
      binding.callId === callId && cseq <= binding.cseq;
    if (contacts === '*') {
      if (before.some(overtaken)) return { kind: 'outOfOrder' };
      this.#change(aor, none);
      return { kind: 'ok', bindings: none };
    }
    const after = [...before];
    for (const contact of contacts) {
      const index = after.findIndex((binding) => samePlace(binding, contact));
      const known = after[index];
      if (known !== undefined && before.includes(known) && overtaken(known)) {
        return { kind: 'outOfOrder' };
      }
      const fresh = contact.lifetime === 0 ? [] : [bind(contact, registration, now)];
      if (index >= 0) after.splice(index, 1, ...fresh);
      else after.push(...fresh);
    }
    const total = this.#count - (this.#users.get(aor)?.length ?? 0) + after.length;
    const grows = after.length > before.length;
    if (grows && (after.length > this.#limits.perUser || total > this.#limits.total)) {
      return { kind: 'tooMany' };
    }
    this.#change(detach(aor), after);
    return { kind: 'ok', bindings: after };
  }

  /** Removes one binding that proved dead; a newer one for the same place stays. */
  remove(aor: string, dead: Binding): void {
    const all = this.#users.get(aor);
    if (all?.includes(dead) !== true) return;
    this.#change(
      aor,
      all.filter((binding) => binding !== dead),
    );
  }

  /** Removes every binding that was made over this connection: the flow is gone (RFC 5626 4.2). */
  removeConnection(id: string): void {
    for (const aor of this.#connections.get(id) ?? none) {
      const all = this.#users.get(aor) ?? none;
      this.#change(
        aor,
        all.filter((binding) => binding.connection !== id),
      );
    }
  }

  /** Removes every binding that was made over a connection of this process: it has died. */
  removeProcess(name: string): void {
    for (const id of this.#connections.keys()) {
      if (ownerOf(id) !== name) continue;
      for (const aor of this.#connections.get(id) ?? none) {
        const all = this.#users.get(aor) ?? none;
        this.#put(
          aor,
          all.filter((binding) => binding.connection !== id),
        );
      }
    }
  }

  /**
   * Applies what another process of the Front End did. A binding that is gone is the one that process had: a
   * later one for the same place stays.
   */
  take({ kind, aor, binding }: BindingChange): void {
    const all = this.#users.get(aor) ?? none;
    const known = all.find((each) => samePlace(each, binding));
    const lead = known === undefined ? -1 : order(known, binding);
    // The same once more is no news; that it is gone is.
    if (lead > 0 || (lead === 0 && kind === 'put')) return;
    if (kind === 'gone') this.#gone.add(aor, binding);
    else if (this.#wasFollowed(aor, binding)) return;
    const others = all.filter((each) => each !== known);
    const after = kind === 'gone' ? others : [...others, binding];
    if (after.length > all.length && this.#count >= this.#limits.total) return;
    this.#put(aor, after);
  }

  /** Every user with bindings, expired ones not yet swept included; goes on while they change. */
  entries(): IterableIterator<readonly [aor: string, bindings: readonly Binding[]]> {
    return this.#users.entries();
  }

  /**
   * Drops expired bindings of the next `budget` users; call it regularly. The work of one call is
   * bounded, and the next call goes on where this one ended. Returns how many users were looked at.
   */
  sweep(now: number, budget: number): number {
    this.#gone.age(now);
    let seen = 0;
    while (seen < budget) {
      this.#sweeper ??= this.#users.entries();
      const next = this.#sweeper.next();
      if (next.done === true) {
        this.#sweeper = undefined;
        break;
      }
      seen++;
      const [aor, all] = next.value;
      const living = all.filter((binding) => binding.expiresAt > now);
      if (living.length < all.length) this.#put(aor, living);
    }
    return seen;
  }

  /** A change made here: it is told. */
  #change(aor: string, after: readonly Binding[]): void {
    const before = this.#users.get(aor) ?? none;
    this.#put(aor, after);
    if (this.#changed === undefined) return;
    const made = after.filter((binding) => !before.includes(binding));
    const dropped = before.filter(
      (binding) => !after.includes(binding) && !made.some((other) => samePlace(other, binding)),
    );
    const changes = [
      ...dropped.map((binding) => ({ kind: 'gone', aor, binding }) as const),
      ...made.map((binding) => ({ kind: 'put', aor, binding }) as const),
    ];
    for (const binding of dropped) this.#gone.add(aor, binding);
    if (changes.length > 0) this.#changed(changes);
  }

  /** Whether a binding for the same place, registered no earlier, was there and is gone. */
  #wasFollowed(aor: string, binding: Binding): boolean {
    return this.#gone.of(aor).some((gone) => samePlace(gone, binding) && order(gone, binding) >= 0);
  }

  #put(aor: string, bindings: readonly Binding[]): void {
    const before = this.#users.get(aor) ?? none;
    this.#count += bindings.length - before.length;
    for (const { connection } of before) this.#forget(connection, aor);
    if (bindings.length === 0) this.#users.delete(aor);
    else this.#users.set(aor, bindings);
    for (const { connection } of bindings) {
      if (connection === undefined) continue;
      const users = this.#connections.get(connection);
      if (users === undefined) this.#connections.set(connection, new Set([aor]));
      else users.add(aor);
    }
  }

  #forget(connection: string | undefined, aor: string): void {
    if (connection === undefined) return;
    const users = this.#connections.get(connection);
    users?.delete(aor);
    if (users?.size === 0) this.#connections.delete(connection);
  }
}

const none: readonly never[] = [];

/**
 * True when two contacts mean the same place: the same flow of the same instance (RFC 5626 6), so that a
 * client that reconnects replaces its old binding; otherwise equal URIs (RFC 3261 19.1.4).
 */
function samePlace(a: Binding, b: Pick<Binding, 'uri' | 'instance' | 'regId'>): boolean {
  const flowOfA = a.instance !== undefined && a.regId !== undefined;
  const flowOfB = b.instance !== undefined && b.regId !== undefined;
  if (flowOfA || flowOfB) return a.instance === b.instance && a.regId === b.regId;
  return a.uri === b.uri || sameUri(a.uri, b.uri);
}

/**
 * Which of two was registered later: positive when `a` was, 0 when they are the same. All copies have to agree,
 * so within one millisecond something in them decides.
 */
function order(a: Binding, b: Binding): number {
  if (a.updatedAt !== b.updatedAt) return a.updatedAt - b.updatedAt;
  if (a.callId !== b.callId) return a.callId > b.callId ? 1 : -1;
  return a.cseq - b.cseq;
}

function bind(contact: ContactUpdate, registration: Registration, now: number): Binding {
  return {
    uri: detach(contact.uri),
    q: contact.q,
    instance: contact.instance === undefined ? undefined : detach(contact.instance),
    regId: contact.regId === undefined ? undefined : detach(contact.regId),
    path: registration.path.map(detach),
    connection: registration.connection,
    callId: detach(registration.callId),
    cseq: registration.cseq,
    expiresAt: now + contact.lifetime * 1000,
    updatedAt: now,
  };
}
