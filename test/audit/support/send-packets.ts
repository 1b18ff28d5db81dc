/*
 * Sends one packet each of a list on standard input (JSON: protocol, source, sourcePort, destination,
 * destinationPort): a datagram, or the SYN of a TCP connection that is then let go. Run in a namespace
 * where the sources are local addresses.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { SentPacket } from './network.ts';

function sendDatagram({
  source,
  sourcePort,
  destination,
  destinationPort,
}: SentPacket): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.on('error', reject);
    socket.bind({ address: source, port: sourcePort }, () => {
      socket.send('?', destinationPort, destination, (error) => {
        socket.close();
        if (error === null) resolve();
        else reject(error);
      });
    });
  });
}

/** The kernel sends the SYN as it takes the call; whatever becomes of it is none of our business. */
function sendSyn({ source, sourcePort, destination, destinationPort }: SentPacket): Promise<void> {
  return new Promise((resolve) => {
    const options = { localAddress: source, localPort: sourcePort };
    const socket = connect({ host: destination, port: destinationPort, ...options });
    const done = (): void => {
      socket.destroy();
      resolve();
    };
    socket.on('error', done);
    socket.on('connect', done);
    setImmediate(done);
  });
}

const isPackets = (value: unknown): value is readonly SentPacket[] => Array.isArray(value);
const packets: unknown = JSON.parse(await text(process.stdin));
if (!isPackets(packets)) throw new Error('no list of packets');
for (const packet of packets) {
  await (packet.protocol === 'tcp' ? sendSyn(packet) : sendDatagram(packet));
}
