import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Milliseconds after the last packet in which the kernel tells of it, or never. */
const patience = 3000;

/** One packet to send. */
export interface SentPacket {
  readonly protocol: 'tcp' | 'udp';
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

/** What the kernel did with a packet: its verdict, and the comment of the rule that decided. */
export interface Traced {
  readonly verdict: string;
  readonly comment: string | undefined;
}

export const keyOf = ({ source, sourcePort, destination, destinationPort }: SentPacket): string =>
  `${source} ${sourcePort} ${destination} ${destinationPort}`;

/**
 * Two network namespaces and a wire: packets of any source in 10.0.0.0/8 are sent in one, the other
 * one filters those to its own addresses, and tells what became of each (`meta nftrace`).
 */
export class TwoHosts {
  readonly #sender: string;
  readonly #filter: string;
  readonly #destinations: readonly string[];

  /** @param destinations CIDR blocks of the addresses that are the filtering side's */
  constructor(name: string, destinations: readonly string[]) {
    this.#sender = `${name}-a`;
    this.#filter = `${name}-b`;
    this.#destinations = destinations;
    this.close();
    const [a, b] = [this.#sender, this.#filter];
    for (const namespace of [a, b]) run('ip', 'netns', 'add', namespace);
    run(
      'ip',
      'link',
      'add',
      'wire-a',
      'netns',
      a,
      'type',
      'veth',
      'peer',
      'name',
      'wire-b',
      'netns',
      b,
    );
    for (const [namespace, wire, address] of [
      [a, 'wire-a', '192.0.2.1/30'],
      [b, 'wire-b', '192.0.2.2/30'],
    ] as const) {
      run('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
      run('ip', '-n', namespace, 'address', 'add', address, 'dev', wire);
      run('ip', '-n', namespace, 'link', 'set', wire, 'up');
    }
    // Whatever a packet says it comes from is an address of the sender.
    run('ip', '-n', a, 'route', 'add', 'local', '10.0.0.0/8', 'dev', 'lo');
    for (const destination of destinations) {
      run('ip', '-n', a, 'route', 'add', destination, 'via', '192.0.2.2', 'table', 'local');
      run('ip', '-n', b, 'route', 'add', 'local', destination, 'dev', 'lo');
    }
    run('ip', '-n', b, 'route', 'add', 'default', 'via', '192.0.2.1');
  }

  /** Loads a file of `nft -f` where packets are filtered. */
  load(content: string): void {
    const trace = `table inet trace
delete table inet trace
table inet trace {
  chain arriving {
    type filter hook prerouting priority raw;
    ip daddr { ${this.#destinations.join(', ')} } meta nftrace set 1
  }
  chain arrived {
    type filter hook input priority 300;
  }
}
`;
    const args = ['netns', 'exec', this.#filter, 'nft', '-f', '-'];
    execFileSync('ip', args, { input: content + trace, stdio: ['pipe', 'ignore', 'inherit'] });
  }

  /** Runs a command where packets are filtered; true when it succeeds. */
  succeeds(...command: readonly string[]): boolean {
    try {
      execFileSync('ip', ['netns', 'exec', this.#filter, ...command], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Sends packets, all different, and tells what the kernel said of each. Its messages may get lost when the machine
   * is busy, so what it did not tell of is sent again, twice.
   */
  async send(packets: readonly SentPacket[]): Promise<ReadonlyMap<string, Traced>> {
    const traces = new Traces();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const untold = packets.filter((packet) => !traces.found.has(keyOf(packet)));
      if (untold.length > 0) await this.#sendOnce(untold, traces);
    }
    return traces.found;
  }

  async #sendOnce(packets: readonly SentPacket[], traces: Traces): Promise<void> {
    const monitor = spawn('ip', ['netns', 'exec', this.#filter, 'nft', 'monitor', 'trace'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const keys = packets.map(keyOf);
      const lines = createInterface({ input: monitor.stdout });
      const told = new Promise<void>((resolve) => {
        lines.on('line', (line) => {
          traces.read(line);
          if (keys.every((key) => traces.found.has(key))) resolve();
        });
        lines.on('close', resolve);
      });
      await this.#listening(monitor);
      const program = fileURLToPath(new URL('send-packets.ts', import.meta.url));
      const sender = spawn('ip', ['netns', 'exec', this.#sender, process.execPath, program], {
        stdio: ['pipe', 'inherit', 'inherit'],
      });
      sender.stdin.end(JSON.stringify(packets));
      await once(sender, 'exit');
      await Promise.race([told, delay(patience)]);
    } finally {
      monitor.kill();
    }
  }

  /** The monitor does not say when it is ready: it is knocked at until it tells of a packet. */
  async #listening(monitor: ChildProcess): Promise<void> {
    const heard = monitor.stdout === null ? undefined : once(monitor.stdout, 'data');
    const [first = ''] = this.#destinations;
    const knock = `printf x >/dev/udp/${first.replace(/\/.*$/u, '')}/9`;
    const timer = setInterval(() => {
      execFileSync('ip', ['netns', 'exec', this.#sender, 'bash', '-c', knock]);
    }, 20);
    try {
      await heard;
    } finally {
      clearInterval(timer);
    }
  }

  close(): void {
    for (const namespace of [this.#sender, this.#filter]) {
      try {
        execFileSync('ip', ['netns', 'delete', namespace], { stdio: 'ignore' });
      } catch {
        // It was not there.
      }
    }
  }
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Reads what `nft monitor trace` prints. */
class Traces {
  /** Packets whose fate is sealed: dropped, or accepted by every chain there is. */
  readonly found = new Map<string, Traced>();
  readonly #accepted = new Map<string, Traced>();
  /** By the kernel's id of a packet: what it is, as `keyOf` writes it. */
  readonly #packets = new Map<string, string>();

  read(line: string): void {
    const [, id = '', table = '', chain = '', rest = ''] =
      /^trace id (\S+) \S+ (\S+) (\S+) (.*)$/u.exec(line) ?? [];
    const packet =
      /^packet: .*ip saddr (\S+) ip daddr (\S+) .*(?:tcp|udp) sport (\d+) (?:tcp|udp) dport (\d+)/u.exec(
        rest,
      );
    if (packet !== null) {
      const [, source, destination, sourcePort, destinationPort] = packet;
      this.#packets.set(id, `${source} ${sourcePort} ${destination} ${destinationPort}`);
      return;
    }
    const key = this.#packets.get(id);
    const [, verdict] =
      /\(verdict (accept|drop)\)$/u.exec(rest) ?? /^policy (accept|drop)/u.exec(rest) ?? [];
    if (key === undefined || verdict === undefined) return;
    if (table === 'trace') {
      const last = chain === 'arrived' ? this.#accepted.get(key) : undefined;
      if (last !== undefined) this.found.set(key, last);
      return;
    }
    const traced = { verdict, comment: /comment "([^"]*)"/u.exec(rest)?.[1] };
    if (verdict === 'drop') this.found.set(key, traced);
    else this.#accepted.set(key, traced);
  }
}
