import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { resetConnection } from './reset.ts';
import { until } from './waiting.ts';

/** Resets a fresh connection after `prepare`; resolves with what the peer saw. */
async function reset(prepare: (socket: Socket) => void | Promise<void>): Promise<string> {
  let seen = '';
  const server = createServer({ allowHalfOpen: true }, (peer) => {
    peer.on('error', (error) => (seen += 'code' in error ? String(error.code) : 'error'));
    peer.on('end', () => (seen += 'end'));
    peer.on('close', () => (seen += ' close'));
    peer.resume();
    peer.on('end', () => peer.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const socket = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', (error) => (seen += `own ${error.message}`));
  await once(socket, 'connect');
  await prepare(socket);
  const closed = once(socket, 'close');
  resetConnection(socket);
  await closed;
  await until(() => seen.includes('close'), 'the peer to notice');
  server.close();
  return seen;
}

/** Says goodbye, and lets the goodbye get under way. */
const later = (socket: Socket): Promise<void> => {
  socket.end('last words');
  return new Promise((resolve) => process.nextTick(resolve));
};

describe('a connection that is reset', () => {
  it('is seen as reset by its peer', async () => {
    assert.equal(await reset(() => undefined), 'ECONNRESET close');
  });

  it('closes, too, when it is reset in the moment it says goodbye', async () => {
    assert.equal(await reset((socket) => void socket.end()), 'end close');
    assert.match(await reset(later), /close/u);
  });

  it('is left alone when it is closed already', async () => {
    const socket = connect({ port: 0, host: '127.0.0.1' });
    await once(socket, 'error');
    resetConnection(socket);
    assert.ok(socket.destroyed);
  });
});
