/** A client whose Digest code knows MD5 only. */
interface OldClient {
  /** What its User-Agent starts with, lower case. */
  readonly product: string;
  /** First version that knows SHA-256; undefined: none does. */
  readonly since: readonly [major: number, minor: number] | undefined;
  /** What happens when it is offered more, and how that is known. */
  readonly why: string;
}

/**
 * Clients that give up when *any* challenge names an algorithm but MD5, instead of taking the one they
 * know (RFC 8760 2.4). They are offered MD5 alone; everybody else gets SHA-256 first. The User-Agent only
 * chooses what is offered: whoever lies about it ends up with the MD5 that is open to all anyway, and a
 * site that has taken MD5 out of `users.digest` offers it to nobody.
 */
export const md5OnlyClients: readonly OldClient[] = [
  {
    product: 'baresip',
    since: [3, 12],
    why: 'libre fails with ENOSYS (Debian 12 ships baresip 1.0.0); SHA-256 came with baresip/re#1103',
  },
];

/** True when this User-Agent is that of a client in the table. */
export function knowsOnlyMd5(userAgent: string | undefined): boolean {
  if (userAgent === undefined) return false;
  const text = userAgent.toLowerCase();
  return md5OnlyClients.some(({ product, since }) => {
    if (!text.startsWith(product)) return false;
    if (since === undefined) return true;
    const version = /^[ /]+v?(\d{1,4})\.(\d{1,4})/u.exec(text.slice(product.length));
    if (version === null) return false;
    const [major, minor] = [Number(version[1]), Number(version[2])];
    return major < since[0] || (major === since[0] && minor < since[1]);
  });
}
