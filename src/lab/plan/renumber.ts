import { UsherError } from '#base';

/** 127.0.0.0/8 as it stands in a topology; not part of a longer number. */
const loopback = /(?<![\d.])127\.(?=\d{1,3}\.\d{1,3}\.\d{1,3}(?!\.?\d))/gu;

/** IPv6 has a single loopback address, which nobody can share out among hosts. */
const loopback6 = /(?<![\w:.])::1(?![\w:.])/u;

/** What stands in for 127 in a lab. */
const stead = '10.';

/**
 * The text of a topology with every loopback address 127.x.y.z moved to 10.x.y.z: Linux never lets
 * loopback addresses on a wire. A topology with real addresses comes back as it is.
 *
 * @throws UsherError `USHER_LAB_ADDRESS` for ::1, and when a moved address is there already
 */
export function renumbered(text: string, file: string): string {
  if (loopback6.test(text)) {
    throw new UsherError('USHER_LAB_ADDRESS', `${file}: ::1 belongs to every host at once`, {
      remedy: 'Give each host an address of its own, e.g. of a unique local block (RFC 4193).',
    });
  }
  const moved = new Set(text.match(/(?<![\d.])127(?:\.\d{1,3}){3}(?!\.?\d)/gu));
  for (const address of moved) {
    const target = address.replace(/^127\./u, stead);
    const taken = new RegExp(`(?<![\\d.])${target.replaceAll('.', '\\.')}(?!\\.?\\d)`, 'u');
    if (!taken.test(text)) continue;
    throw new UsherError(
      'USHER_LAB_ADDRESS',
      `${file}: ${address} would become ${target} in the lab, and that is there already`,
      { remedy: 'Use loopback addresses or real ones, not both.' },
    );
  }
  return text.replaceAll(loopback, stead);
}
