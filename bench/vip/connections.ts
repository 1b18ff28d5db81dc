import { connect, createServer } from 'node:net';

/** What a browser asks of the plain web site, and what the stand-in of a member answers. */
const request = 'GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n';
const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/** Connections under way at once. */
const together = 64;

/** Answers every connection and ends it. */
function serve(address: string, port: number): void {
  createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.end(answer));
  }).listen({ host: address, port, backlog: 4096 });
}

/** Connections to their answer and end, one after the other, many at once; how many a second. */
async function drive(address: string, port: number, seconds: number): Promise<void> {
  let made = 0;
  let failed = 0;
  const begun = performance.now();
  const end = begun + seconds * 1000;
  const one = (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let answered = false;
    const socket = connect({ host: address, port }, () => socket.write(request));
    socket.on('data', () => (answered = true));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (answered) made += 1;
      else failed += 1;
      resolve();
    });
    return promise;
  };
  const line = async (): Promise<void> => {
    while (performance.now() < end) await one();
  };
  await Promise.all(Array.from({ length: together }, line));
  const took = (performance.now() - begun) / 1000;
  process.stdout.write(`${JSON.stringify({ perSecond: made / took, failed })}\n`);
}

const [, , side, address = '', port = '', seconds = ''] = process.argv;
if (side === 'serve') {
  for (const one of address.split(',')) serve(one, Number(port));
  process.stdout.write('answering\n');
} else if (side === 'drive') {
  await drive(address, Number(port), Number(seconds));
}
