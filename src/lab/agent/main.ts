import { readFileSync } from 'node:fs';
import { messageOf } from '#base';
import { emit } from './emit.ts';
import { isOrder, type Answer, type Order } from './messages.ts';

// The agent of a lab in one namespace: it sends what it is told to and tells what it saw. It ends with the
// process that started it.

function answer(message: Answer): void {
  process.send?.(message, () => {
    // Nobody left to hear it: 'disconnect' ends us.
  });
}

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'emit':
      answer({ kind: 'emitted', ...(await emit(order)) });
      return;
    case 'prove': {
      // Most agents only send packets: the code of the rows is loaded where it is needed.
      const { proveHere } = await import('./prove.ts');
      const text = readFileSync(order.topologyFile, 'utf8');
      answer({ kind: 'proved', ...(await proveHere(order, text)) });
      return;
    }
    case 'converse': {
      const { converseHere } = await import('./prove.ts');
      const text = readFileSync(order.topologyFile, 'utf8');
      answer({ kind: 'conversed', conversation: await converseHere(order, text) });
    }
  }
}

let working = Promise.resolve();
process.on('message', (message) => {
  if (!isOrder(message)) return;
  working = working
    .then(() => obey(message))
    .catch((error: unknown) => answer({ kind: 'failed', message: messageOf(error) }));
});
// Ctrl-C reaches the whole terminal group; who started us decides what it means.
process.on('SIGINT', () => {});
process.once('disconnect', () => process.exit());
answer({ kind: 'ready' });
