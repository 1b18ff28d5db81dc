import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PhoneOptions } from './baresip.ts';
import { findProgram } from './programs.ts';
import { Program } from './process.ts';

/** Debian's linphonec, unmodified, without sound hardware, steered by its own command line. */
export class Linphone implements AsyncDisposable {
  readonly program: Program;

  private constructor(program: Program) {
    this.program = program;
  }

  static async start(options: PhoneOptions): Promise<Linphone> {
    const { directory, aor, password, edge, ca } = options;
    // linphonec wants these folders and does not make them.
    mkdirSync(join(directory, '.local', 'share', 'linphone'), { recursive: true });
    mkdirSync(join(directory, '.config', 'linphone'), { recursive: true });
    const [user, domain] = aor.split('@');
    const file = join(directory, 'linphonerc');
    writeFileSync(
      file,
      `[sip]
sip_port=0
sip_tcp_port=0
sip_tls_port=-1
root_ca=${ca}
verify_server_certs=1
verify_server_cn=0
default_proxy=0
contact="${user}" <sip:${aor}>
guess_hostname=1
use_ipv6=0
register_only_when_network_is_up=0
media_encryption=none

[net]
mtu=1300

[sound]
playback_dev_id=
capture_dev_id=

[auth_info_0]
username=${user}
passwd=${password}
domain=${domain}

[proxy_0]
reg_proxy=<sip:${edge};transport=tls>
reg_route=<sip:${edge};transport=tls;lr>
reg_identity="${user}" <sip:${aor}>
reg_expires=600
reg_sendregister=1
publish=0
`,
      { mode: 0o600 },
    );
    const program = new Program(
      'stdbuf',
      ['-oL', '-eL', findProgram('linphonec') ?? '', '-c', file, '-a', '-d', '6'],
      { cwd: directory, env: { HOME: directory, TERM: 'dumb' } },
    );
    return new Linphone(program);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.program.running) this.program.type('quit');
    await this.program.end();
  }
}
