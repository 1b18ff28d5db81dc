import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWildcard, parseSocketTable } from './sockets.ts';

const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B010A7F:13C5 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 14045 1 0000000000000000 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 17 1 0000000000000000 100 0 0 10 0
   2: 0100007F:A2C4 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 99 1 0000000000000000 20 4 30 10 -1
   3: garbage
`;

const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 20 1 0 100 0 0 10 0
   1: B80D0120000000000000000001000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21 1 0 100 0 0 10 0
   2: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 22 1 0 100 0 0 10 0
`;

test('listeners are read with address and port, connections and broken lines are not', () => {
  assert.deepEqual(parseSocketTable(tcp, 'tcp'), [
    { protocol: 'tcp', address: '127.10.1.11', port: 5061, inode: '14045' },
    { protocol: 'tcp', address: '0.0.0.0', port: 22, inode: '17' },
  ]);
});

test('IPv6 addresses come in their canonical form, mapped IPv4 as IPv4', () => {
  assert.deepEqual(
    parseSocketTable(tcp6, 'tcp').map(({ address }) => address),
    ['::', '2001:db8::1', '127.0.0.1'],
  );
});

test('the addresses that stand for all are known', () => {
  assert.ok(isWildcard('0.0.0.0') && isWildcard('::'));
  assert.ok(!isWildcard('127.0.0.1'));
});
