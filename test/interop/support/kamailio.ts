import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Prepared } from './deployment.ts';
import { Program } from './process.ts';
import { findProgram } from './programs.ts';

const example = fileURLToPath(new URL('../../../examples/kamailio-home-pool.cfg', import.meta.url));
const guide = fileURLToPath(new URL('../../../docs/kamailio-home-pool.md', import.meta.url));

/** The two places of the documented configuration that depend on where it runs. */
const documented = { tls: '/etc/kamailio/usher-tls.cfg', pki: '/etc/kamailio/pki/' } as const;

/**
 * Debian's Kamailio, unmodified, as docs/kamailio-home-pool.md sets it up in the place of
 * fe03.contoso.net: the example's configuration and the TLS configuration out of the page, with
 * no other change than the folder of the certificates and, where low ports are refused, the port.
 */
export class Kamailio implements AsyncDisposable {
  readonly program: Program;

  private constructor(program: Program) {
    this.program = program;
  }

  /** Certificates and CA are those Usher has issued under the deployment's state directory. */
  static async start({ state, portOffset }: Prepared): Promise<Kamailio> {
    const directory = join(state, 'kamailio');
    mkdirSync(directory, { mode: 0o700 });
    const tls = join(directory, 'tls.cfg');
    const pki = join(state, 'pki');
    writeFileSync(
      tls,
      tlsOfGuide()
        .replaceAll(`${documented.pki}fe03`, `${pki}/hosts/fe03`)
        .replaceAll(documented.pki, `${pki}/`),
    );
    const configuration = join(directory, 'kamailio.cfg');
    writeFileSync(
      configuration,
      readFileSync(example, 'utf8')
        .replace(documented.tls, tls)
        .replace(/(?<=!SIP_PORT!)\d+/u, (port) => String(Number(port) + portOffset)),
    );
    // In the foreground, saying what it does on standard error.
    const program = new Program(findProgram('kamailio') ?? '', [
      '-DD',
      '-E',
      '-f',
      configuration,
      '-w',
      directory,
      '-Y',
      directory,
    ]);
    await program.see(/Listening on[^]+fe03\.contoso\.net/u, 10);
    return new Kamailio(program);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program.end();
  }
}

/** The TLS configuration as the page shows it: the indented block that begins with its first section. */
function tlsOfGuide(): string {
  const page = readFileSync(guide, 'utf8');
  const block = /(?:^ {4}\[server:default\]\n)(?:^(?: {4}.*)?\n)+/mu.exec(page)?.[0];
  if (block === undefined) throw new Error(`${guide} shows no TLS configuration`);
  return block.replaceAll(/^ {4}/gmu, '');
}
