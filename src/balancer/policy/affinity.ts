/** Which member each client address is bound to: bounded, oldest out first, forgotten in time. */
export class AffinityTable {
  /** Insertion order is age: an entry that is used again moves to the end. */
  readonly #entries = new Map<string, { host: string; until: number }>();
  readonly #lifetime: number;
  readonly #capacity: number;
  #evicted = 0;

  /** `lifetime` in milliseconds since the last use; `capacity` in client addresses. */
  constructor(lifetime: number, capacity: number) {
    this.#lifetime = lifetime;
    this.#capacity = capacity;
  }

  /** The member (FQDN) this client is bound to; undefined when there is none or it is too old. */
  find(client: string, now: number): string | undefined {
    const entry = this.#entries.get(client);
    if (entry === undefined) return undefined;
    if (entry.until > now) return entry.host;
    this.#entries.delete(client);
    return undefined;
  }

  /** Binds the client, or renews its binding. A full table forgets the one used longest ago. */
  bind(client: string, host: string, now: number): void {
    this.#entries.delete(client);
    if (this.#entries.size >= this.#capacity) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) {
        this.#entries.delete(oldest);
        this.#evicted += 1;
      }
    }
    this.#entries.set(client, { host, until: now + this.#lifetime });
  }

  /** Renews the binding when a connection ends, unless the client has moved in the meantime. */
  renew(client: string, host: string, now: number): void {
    if (this.find(client, now) === host) this.bind(client, host, now);
  }

  /** Forgets every client of the member; returns how many there were. Its clients move at once. */
  release(host: string): number {
    let released = 0;
    for (const [client, entry] of this.#entries) {
      if (entry.host !== host) continue;
      this.#entries.delete(client);
      released += 1;
    }
    return released;
  }

  /** Entries held (expired ones that nobody asked for included) and entries pushed out when full. */
  stats(): { readonly clients: number; readonly evicted: number } {
    return { clients: this.#entries.size, evicted: this.#evicted };
  }
}
