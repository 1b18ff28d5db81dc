import { createHash } from 'node:crypto';

/**
 * Slots of a Maglev table: a prime well above a hundred times the ten members a pool may have, so that
 * shares differ by less than one in a hundred.
 */
export const maglevSlots = 1009;

/**
 * Maglev hashing: each member lists all slots in an order of its own, and the members take turns at
 * their next free one. Every member gets its share of the slots; when one leaves, its slots are given
 * away and nearly all others stay where they were. Pure; the same members give the same table in every
 * process, whatever their order.
 *
 * @returns for each slot the host that owns it; empty without members
 * (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", section 3.4)
 */
export function maglevTable(hosts: readonly string[], slots: number = maglevSlots): string[] {
  const turns = hosts.toSorted().map((host) => ({ host, next: orderOf(host, slots) }));
  const table = new Map<number, string>();
  while (turns.length > 0 && table.size < slots) {
    for (const { host, next } of turns) {
      let slot = next();
      while (table.has(slot)) slot = next();
      table.set(slot, host);
      if (table.size === slots) break;
    }
  }
  return Array.from({ length: table.size }, (_, slot) => table.get(slot) ?? '');
}

/** The slot a client falls on. `client` is any text that names it. */
export function slotOf(client: string, slots: number = maglevSlots): number {
  return createHash('sha1').update(client).digest().readUInt32BE(0) % slots;
}

/** The member's own order of all slots: any start and any step run through a prime number of them. */
function orderOf(host: string, slots: number): () => number {
  const digest = createHash('sha1').update(host).digest();
  const step = (digest.readUInt32BE(4) % (slots - 1)) + 1;
  let slot = digest.readUInt32BE(0) % slots;
  return () => {
    const present = slot;
    slot = (slot + step) % slots;
    return present;
  };
}
