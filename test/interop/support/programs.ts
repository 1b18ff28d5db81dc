import { accessSync, constants } from 'node:fs';

/** Absolute path of a program on PATH (and the sbin folders Debian keeps servers in), or undefined. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    const path = `${folder}/${name}`;
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here; the next folder may have it.
    }
  }
  return undefined;
}

/**
 * The `skip` option of a test: false when every program is installed, else one line that says
 * which is missing and which Debian package brings it.
 */
export function needs(
  ...programs: readonly (readonly [name: string, debian: string])[]
): string | false {
  const missing = programs.filter(([name]) => findProgram(name) === undefined);
  if (missing.length === 0) return false;
  return missing.map(([name, debian]) => `${name} is missing (apt install ${debian})`).join('; ');
}
