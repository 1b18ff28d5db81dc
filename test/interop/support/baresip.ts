import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './programs.ts';
import { Program } from './process.ts';

export interface PhoneOptions {
  /** Fresh directory for configuration and output. */
  readonly directory: string;
  /** e.g. `alice@contoso.com` */
  readonly aor: string;
  readonly password: string;
  /** `address:port` of the Edge. */
  readonly edge: string;
  /** CA file the Edge's certificate is checked against. */
  readonly ca: string;
  /** Loopback address of its own, e.g. `127.60.0.1`. */
  readonly address: string;
  /** AORs it can write messages to. */
  readonly contacts?: readonly string[];
}

/** Debian's baresip, unmodified, without sound hardware, steered over its TCP control module. */
export class Baresip implements AsyncDisposable {
  readonly program: Program;
  readonly #control: Socket;
  #token = 0;

  private constructor(program: Program, control: Socket) {
    this.program = program;
    this.#control = control;
    // Answers are read from the program's own output; the control channel is only drained.
    control.resume();
    control.on('error', () => {
      // Goes with the program.
    });
  }

  static async start(options: PhoneOptions): Promise<Baresip> {
    const { directory, aor, password, edge, ca, address } = options;
    mkdirSync(directory, { recursive: true });
    const control = 4444;
    writeFileSync(
      join(directory, 'config'),
      `poll_method epoll
sip_transports tls
sip_listen ${address}:0
sip_cafile ${ca}
net_interface ${address}
audio_player aubridge,room
audio_source aubridge,room
audio_alert aubridge,bell
ausrc_channels 1
module_path /usr/lib/baresip/modules
module g711.so
module aubridge.so
module_app account.so
module_app contact.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen ${address}:${control}
`,
    );
    const user = aor.split('@')[0];
    writeFileSync(
      join(directory, 'accounts'),
      `<sip:${aor};transport=tls>;auth_user=${user};auth_pass=${password};outbound="sip:${edge};transport=tls";regint=600;answermode=auto\n`,
      { mode: 0o600 },
    );
    const contacts = (options.contacts ?? []).map((contact) => `"${contact}" <sip:${contact}>\n`);
    writeFileSync(join(directory, 'contacts'), contacts.join(''));
    // Through a pipe baresip would keep its lines back in blocks of 4 kB.
    const program = new Program('stdbuf', [
      '-oL',
      findProgram('baresip') ?? '',
      '-f',
      directory,
      '-s',
    ]);
    await program.see(/baresip is ready/u, 10);
    const socket = connect(control, address);
    await once(socket, 'connect');
    return new Baresip(program, socket);
  }

  /** One command of baresip's menu, e.g. `dial sip:bob@contoso.com`. */
  command(command: string, params = ''): void {
    const message = JSON.stringify({ command, params, token: String(++this.#token) });
    this.#control.write(`${Buffer.byteLength(message)}:${message},`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#control.destroy();
    await this.program.end();
  }
}
