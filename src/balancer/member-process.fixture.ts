import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Bench, type Scene } from './balancer.fixture.ts';
import { FakeMember } from './member.fixture.ts';

/** What a process has to know to be a member. */
interface Part {
  readonly directory: string;
  readonly text: string;
  readonly portOffset: number;
  readonly fqdn: string;
}

/** A member in a process of its own, which can be killed and stopped as only processes can. */
export class MemberProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Takes the place of a member of the scene. */
  static async inPlaceOf(scene: Scene, member: FakeMember): Promise<MemberProcess> {
    member.kill();
    const child = fork(fileURLToPath(import.meta.url), [], { execArgv: [] });
    const part: Part = { ...scene.whereabouts(), fqdn: member.fqdn };
    child.send(part);
    await once(child, 'message');
    return new MemberProcess(child);
  }

  /** Sends a signal; after SIGKILL resolves when the process is gone. */
  async signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill(name);
    if (name === 'SIGKILL') await gone;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      await this.signal('SIGKILL');
    }
  }
}

function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && 'fqdn' in value && 'directory' in value;
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.send !== undefined) {
  process.once('message', (part: unknown) => void act(part));
  // Whoever started it may be gone.
  process.once('disconnect', () => process.exit());
}

async function act(part: unknown): Promise<void> {
  if (!isPart(part)) throw new Error('no member to be');
  const bench = Bench.at(part.directory, part.text);
  await FakeMember.open(bench, bench.load(part.portOffset), part.fqdn);
  process.send?.('listening');
}
