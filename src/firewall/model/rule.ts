import type { AddressSet, Family } from './addresses.ts';
import type { Match } from './match.ts';

/** What happens to a packet in the end. `reject` drops it and tells the sender. */
export type Verdict = 'accept' | 'drop' | 'reject';

/** What a rule does with the packets it matches. */
export type Action =
  | { readonly kind: Verdict }
  /** Go through another chain and come back when it decides nothing. */
  | { readonly kind: 'jump'; readonly chain: string }
  /** Go through another chain and come back to where this one was called from. */
  | { readonly kind: 'goto'; readonly chain: string }
  /** Back to the calling chain; in a base chain its policy. */
  | { readonly kind: 'return' };

/** Where a rule stands; lines count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
}

/** What an address translation puts in the place of an address, and of a port when that changes, too. */
export interface Endpoint {
  readonly family: Family;
  readonly address: bigint;
  readonly port?: number;
}

/** One rule of a chain; the first that matches and decides, decides. */
export interface Rule {
  /** Row id of the port table (`DH-06`), or what names the rule in the rule set; may be empty. */
  readonly id: string;
  /**
   * The packets it matches. With `unknown`, the most it can match: the upper reading. The lower
   * reading of such a rule is that it matches nothing.
   */
  readonly match: Match;
  readonly action: Action;
  /** Why the rule is there, or its comment. */
  readonly comment?: string;
  readonly position?: Position;
  /**
   * The parts of its condition nobody here understands (`-m recent …`), as written. A verdict that
   * is unknown itself (`queue`) is an unknown accept followed by a drop of the same packets.
   */
  readonly unknown?: readonly string[];
  /**
   * Of a rule that accepts and translates: every endpoint it may put in the place of the destination, or of the
   * source; `unknown` when nobody here knows them.
   */
  readonly to?: readonly Endpoint[] | 'unknown';
}

/** Which packets a base chain sees: those to the device, from it, or through it. */
export type Direction = 'in' | 'out' | 'forward';

/** Rules in order. */
export interface Chain {
  readonly name: string;
  /** Given for a base chain: where packets enter. Absent for one that others jump to. */
  readonly direction?: Direction;
  /** What happens when no rule decided; base chains only. */
  readonly policy?: Verdict;
  readonly rules: readonly Rule[];
}

/** A part of the network, for devices that think in zones. */
export interface Zone {
  readonly name: string;
  readonly addresses: AddressSet;
}

/**
 * The rules of one device. Several base chains of one direction are gone through in order, and a
 * packet has to be accepted by each; a direction without a base chain accepts everything.
 */
export interface RuleSet {
  /** FQDN of a host, or the name of a firewall between zones. */
  readonly device: string;
  readonly chains: readonly Chain[];
  /** The zones a firewall stands between; empty for a host. */
  readonly zones: readonly Zone[];
  /** What the device translates; undefined when nobody here knows. */
  readonly translations?: Translations;
  /** Set when an interface of the host has an address of each family, for who writes rules an interface. */
  readonly bothFamilies?: true;
}

/**
 * Chains of address translation, about packets as they come to the device; base chains have the direction `in`.
 * Destinations change before the filter looks, sources after it.
 */
export interface Translations {
  readonly destination: readonly Chain[];
  readonly source: readonly Chain[];
}
