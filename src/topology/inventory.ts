import { parseAddress } from './address.ts';
import type { Draft } from './salvage.ts';
import type { Path } from './source.ts';

/** Notes one fault: where, a stable code, what was found, what is allowed, what to do. */
export type Report = (
  path: Path,
  code: string,
  found: string,
  allowed: string,
  remedy: string,
) => void;

/** One thing of the file that has a name or an address, and where it stands. */
export interface Entry<Value> {
  readonly value: Value;
  readonly path: Path;
}

/** An element of a list that is there, with its path. */
export function entries<Value>(
  list: readonly (Value | undefined)[] | undefined,
  path: Path,
): readonly Entry<NonNullable<Value>>[] {
  return (list ?? []).flatMap((value, index) =>
    value === undefined || value === null ? [] : [{ value, path: [...path, index] }],
  );
}

export type DraftPool = NonNullable<NonNullable<Draft['pools']>[number]>;

export const poolsOf = (draft: Draft): readonly Entry<DraftPool>[] =>
  entries(draft.pools, ['pools']);

/** Where each kind of host is listed. */
const outerLists = ['edges', 'reverseProxies', 'balancers', 'trustedPeers'] as const;

/** An address or block, or a list with one of each family. */
export type Literals = string | readonly (string | undefined)[];

interface Named {
  readonly fqdn?: string | undefined;
  readonly address?: Literals | undefined;
  readonly external?: { readonly address?: Literals | undefined } | undefined;
}

/** Every host of the file: members of pools, Edges, reverse proxies, balancers. */
export function hostsIn(draft: Draft): readonly Entry<Named>[] {
  return [
    ...poolsOf(draft).flatMap(({ value, path }) =>
      entries<Named>(value.members, [...path, 'members']),
    ),
    ...outerLists.flatMap((list) => entries<Named>(draft[list], [list])),
  ];
}

/**
 * True when every element of a list is there with its name: only then does a name that is not in
 * it lead nowhere.
 */
export function isComplete(
  list: readonly ({ readonly fqdn?: string | undefined } | undefined)[] | undefined,
): boolean {
  return (list ?? []).every((element) => element?.fqdn !== undefined);
}

/** Lower case, as DNS compares. */
export const nameOf = (text: string): string => text.toLowerCase();

/** Each address or block that is written at a place. */
export const literalsAt = (written: Literals | undefined, path: Path): readonly Entry<string>[] =>
  typeof written === 'string' ? [{ value: written, path }] : entries(written, path);

/** Every address that sockets are opened on, each with where it is written. */
export function addressesIn(draft: Draft): {
  readonly hosts: readonly Entry<string>[];
  readonly vips: readonly Entry<string>[];
} {
  return {
    hosts: hostsIn(draft).flatMap(({ value, path }) => [
      ...literalsAt(value.address, [...path, 'address']),
      ...literalsAt(value.external?.address, [...path, 'external', 'address']),
    ]),
    vips: poolsOf(draft).flatMap(({ value, path }) => literalsAt(value.vip, [...path, 'vip'])),
  };
}

/** A key under which two spellings of one address meet. */
export function addressKey(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : `${address.family}/${address.value}`;
}
