import { connect } from 'node:net';
import type { Plan } from '#ports';
import { deploymentAddresses } from './closure.ts';
import { texts } from './messages.ts';
import { isWildcard, openSockets } from './sockets.ts';
import type { ClosureProof, UnexpectedSocket } from './verdict.ts';

const highestPort = 65_535;
/** Connects under way at once: enough to keep a core busy, far under any descriptor limit. */
const atOnce = 256;
/** Milliseconds a connect may take; on one machine an answer comes in microseconds. */
const patience = 1000;

/**
 * Connects to every TCP port of every address of the deployment and compares what answers with
 * the plan. Slow (65,535 ports an address); `progress` gets the share done, 0 to 1.
 */
export async function sweep(
  plan: Plan,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<ClosureProof> {
  const addresses = [...deploymentAddresses(plan)];
  const expected = new Set(
    [...plan.listeners, ...plan.virtualServices].map((s) => `${s.address} ${s.port}`),
  );
  const machine = new Set(
    ((await openSockets()) ?? []).filter((s) => isWildcard(s.address)).map((s) => s.port),
  );
  const unexpectedlyOpen: UnexpectedSocket[] = [];
  const shared = new Set<number>();
  const total = addresses.length * highestPort;
  let done = 0;
  const next = function* (): Generator<{ address: string; port: number }> {
    for (const address of addresses) {
      for (let port = 1; port <= highestPort; port++) yield { address, port };
    }
  };
  const targets = next();
  const worker = async (): Promise<void> => {
    for (const { address, port } of targets) {
      if (signal.aborted) return;
      const open = await answers(address, port);
      if (open && machine.has(port)) {
        shared.add(port);
      } else if (open && !expected.has(`${address} ${port}`)) {
        const evidence = 'accepted a connection, asked for by no flow';
        unexpectedlyOpen.push({ protocol: 'tcp', address, port, evidence });
      }
      if (++done % highestPort === 0) progress(done / total);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { probed: done, unexpectedlyOpen, remarks: [...shared].map(texts.machinePort) };
}

function answers(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: patience });
    const settle = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => {
      // A loopback socket can connect to itself when the kernel picks the target as source port.
      settle(socket.localPort !== port || socket.localAddress !== address);
    });
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}
