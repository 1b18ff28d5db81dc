import { execFileSync } from 'node:child_process';
import { driver, rivals } from './topology.ts';

/** Where something runs. */
export type Station = 'client' | 'balancer' | 'first' | 'second';

const networks = { client: 1, first: 2, second: 3 } as const;

/** Four network namespaces: a client and two members, each on a wire of its own to the balancers. */
export class Network implements Disposable {
  readonly #name = `usher-vip-${process.pid}`;
  readonly #stations: readonly Station[] = ['client', 'balancer', 'first', 'second'];

  constructor() {
    try {
      this.#make();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  #make(): void {
    this.#ip(this.#stations.map((station) => `netns add ${this.#of(station)}`));
    for (const station of this.#stations) this.#in(station, ['link set lo up']);
    for (const [station, network] of Object.entries(networks)) {
      if (!isStation(station)) continue;
      const own = network === 1 ? [driver.address] : membersIn(network);
      const router = `10.9.${network}.1`;
      this.#ip([
        `link add v${network} netns ${this.#of('balancer')} type veth peer name eth0 netns ${this.#of(station)}`,
      ]);
      this.#in('balancer', [`addr add ${router}/24 dev v${network}`, `link set v${network} up`]);
      this.#in(station, [
        ...own.map((address) => `addr add ${address}/24 dev eth0`),
        'link set eth0 up',
        `route add default via ${router}`,
      ]);
    }
    const theirs = rivals.flatMap(({ vip, address }) => [vip, address]);
    this.#in(
      'balancer',
      theirs.map((address) => `addr add ${address}/24 dev v1`),
    );
    const [program = '', ...words] = this.command(
      'balancer',
      'sysctl',
      '-qw',
      'net.ipv4.ip_forward=1',
    );
    execFileSync(program, words);
  }

  /** The words that run a program there. */
  command(station: Station, ...words: readonly string[]): readonly string[] {
    return ['ip', 'netns', 'exec', this.#of(station), ...words];
  }

  #of(station: Station): string {
    return `${this.#name}-${station}`;
  }

  #ip(commands: readonly string[], ...where: readonly string[]): void {
    execFileSync('ip', [...where, '-batch', '-'], { input: `${commands.join('\n')}\n` });
  }

  #in(station: Station, commands: readonly string[]): void {
    this.#ip(commands, '-n', this.#of(station));
  }

  [Symbol.dispose](): void {
    for (const station of this.#stations) {
      try {
        execFileSync('ip', ['netns', 'del', this.#of(station)], { stdio: 'ignore' });
      } catch {
        // It was not made.
      }
    }
  }
}

function isStation(name: string): name is Station {
  return Object.hasOwn(networks, name);
}

/** Addresses of the members in one network. */
function membersIn(network: number): readonly string[] {
  return rivals
    .flatMap(({ members }) => members)
    .map(({ address }) => address)
    .filter((address) => address.startsWith(`10.9.${network}.`));
}
