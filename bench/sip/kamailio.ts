import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Started } from '../machine/program.ts';
import type { Bed, Place } from './bed.ts';

const binary = '/usr/sbin/kamailio';
const config = readFileSync(new URL('kamailio.cfg', import.meta.url), 'utf8');

/** Where Debian puts the modules, whatever the machine. */
function modules(): string | undefined {
  return globSync('/usr/lib/*/kamailio/modules/')[0];
}

/** Why there is nothing to compare with; undefined when there is. */
export function kamailioMissing(): string | undefined {
  const folder = modules();
  return existsSync(binary) && folder !== undefined && existsSync(`${folder}/tls.so`)
    ? undefined
    : 'Kamailio is missing (apt install kamailio kamailio-tls-modules): Usher is measured alone';
}

/** Kamailio beside the Director, on another address, with the Director's own certificate. */
export async function startKamailio(
  bed: Bed,
  place: Place,
  digest: 'none' | 'MD5' | 'SHA-256',
): Promise<Started> {
  const name = `kamailio-${digest}`;
  const folder = bed.path(name);
  mkdirSync(folder, { mode: 0o700 });
  const { certificate, key, ca } = bed.files('dir01');
  const side = (which: string): string =>
    `[${which}:default]\nmethod = TLSv1.2+\nverify_certificate = yes\nrequire_certificate = yes\n` +
    `private_key = ${key}\ncertificate = ${certificate}\nca_list = ${ca}\n`;
  writeFileSync(`${folder}/tls.cfg`, side('server') + side('client'));
  const text = config
    .replaceAll('ADDRESS', place.address)
    .replaceAll('PORT', String(place.port))
    .replaceAll('SINK', bed.frontEnds[0]?.address ?? '')
    .replaceAll('MODULES', modules() ?? '')
    .replaceAll('TLSCFG', `${folder}/tls.cfg`);
  writeFileSync(`${folder}/kamailio.cfg`, text);
  const defines =
    digest === 'none'
      ? []
      : ['-A', 'WITH_AUTH', ...(digest === 'MD5' ? [] : ['-A', 'WITH_SHA256'])];
  // Memory as generous as its makers' own measurements have it.
  const memory = ['-m', '2048', '-M', '128', '-x', 'fm'];
  const where = ['-f', `${folder}/kamailio.cfg`, '-w', folder, '-Y', folder];
  const started = bed.start(name, binary, ['-DD', '-E', ...memory, ...where, ...defines]);
  await started.see(new RegExp(`tls: ${place.address.replaceAll('.', '\\.')}`, 'u'));
  return started;
}
