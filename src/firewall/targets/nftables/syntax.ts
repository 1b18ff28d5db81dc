/** What an nftables rule set says, before it is understood. */
export interface Ruleset {
  readonly file: string;
  readonly tables: readonly Table[];
}

export type Family = 'ip' | 'ip6' | 'inet' | 'arp' | 'bridge' | 'netdev';

export interface Table {
  readonly family: Family;
  readonly name: string;
  /** `flags dormant`: the kernel does not ask its chains. */
  dormant: boolean;
  readonly chains: Map<string, Chain>;
  readonly sets: Map<string, NamedSet>;
}

export interface Chain {
  readonly name: string;
  readonly line: number;
  hook: Hook | undefined;
  readonly rules: RuleText[];
}

/** What makes a chain a base chain. */
export interface Hook {
  readonly type: string;
  readonly hook: string;
  readonly priority: number;
  policy: 'accept' | 'drop';
}

/** One rule: its words without the comment. */
export interface RuleText {
  readonly words: readonly Word[];
  readonly comment: string | undefined;
  readonly line: number;
}

export interface Word {
  readonly text: string;
  readonly quoted: boolean;
}

/** A set or map of a table; anonymous ones have the same elements. */
export interface NamedSet {
  readonly name: string;
  readonly line: number;
  readonly isMap: boolean;
  /** The words after `type` or `typeof`, without what a map leads to. */
  keyType: readonly string[];
  /** Rules of the kernel or other programs add and remove elements at run time. */
  dynamic: boolean;
  readonly elements: Element[];
}

export interface Element {
  /** The fields of a concatenation, one for most sets. */
  readonly key: readonly string[];
  /** Of a map what the key leads to. */
  readonly value: readonly Word[] | undefined;
  /** The element goes away by itself. */
  readonly fleeting: boolean;
  readonly line: number;
}
