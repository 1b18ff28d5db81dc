import { UsherError } from '#base';

/** Longest name of a lab; with the longest FQDN a namespace's file name stays below 255 bytes. */
export const longestName = 16;

/** The namespace that has every wire of a lab in it. */
export const wire = 'wire';

/**
 * Checks the name of a lab: it begins the names of its namespaces.
 *
 * @throws UsherError `USHER_LAB_NAME`
 */
export function checkName(name: string): string {
  if (/^[a-z][a-z\d-]*$/u.test(name) && name.length <= longestName) return name;
  throw new UsherError('USHER_LAB_NAME', `a lab cannot be called ${JSON.stringify(name)}`, {
    remedy: `Use lower-case letters, digits and hyphens, ${longestName} characters at most, a letter first.`,
  });
}

/** The namespace of a station, router or wire of a lab. */
export function namespaceOf(lab: string, station: string): string {
  return `${lab}-${station}`;
}

/** The one of these names a person means: in full, or the first label of an FQDN when that is enough. */
export function meant(names: readonly string[], written: string): string {
  const text = written.toLowerCase();
  const whole = names.find((name) => name.toLowerCase() === text);
  if (whole !== undefined) return whole;
  const short = names.filter((name) => name.toLowerCase().split('.')[0] === text);
  const [only, ...more] = short;
  if (only !== undefined && more.length === 0) return only;
  throw new UsherError(
    'USHER_LAB_HOST',
    only === undefined ? `the lab has no ${written}` : `${written} means ${short.join(' or ')}`,
    { remedy: `Name one of ${names.join(', ')}.` },
  );
}
