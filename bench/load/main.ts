import { parseArgs } from 'node:util';
import { methods, type Method } from './requests.ts';
import { startSink } from './sink.ts';
import { runLoad } from './threads.ts';

const help = `Usage: npm run bench:load -- uac ADDRESS:PORT [options]
       npm run bench:load -- uas ADDRESS:PORT [ADDRESS:PORT...] [options]

uac drives SIP over mutual TLS and prints one line of JSON: answers by status, unanswered, seconds,
rate, latencies from request to final answer in microseconds. uas answers every request but ACK
with 200 until it is interrupted.

Both:
  --cert FILE --key FILE --ca FILE   what this end proves itself with and judges the other by (PEM)

uac:
  --connections N     TLS connections (default 1)
  --window N          requests outstanding on each (default 64)
  --total N           requests to send; or
  --seconds S         how long to send (default 5)
  --rate N            requests a second, evenly spaced (default: as fast as answers come)
  --method M          ${methods.join(', ')} (default REGISTER)
  --users N           user0 to user<N-1> (default 100000)
  --domain D          their SIP domain (default contoso.test)
  --password P        answer challenges: user n has the password P<n>; the pair counts as one answer
  --server-name NAME  name the server has to prove (default: any certificate of the CA)
  --threads N         threads that share the connections (default 1)

Example:
  npm run bench:load -- uac 127.0.0.1:5061 --cert peer.crt --key peer.key --ca ca.crt \\
    --connections 8 --window 32 --seconds 5 --password pw
`;

class UsageError extends Error {}

const { values, positionals } = parse();

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        cert: { type: 'string' },
        key: { type: 'string' },
        ca: { type: 'string' },
        connections: { type: 'string', default: '1' },
        window: { type: 'string', default: '64' },
        total: { type: 'string' },
        seconds: { type: 'string' },
        rate: { type: 'string' },
        method: { type: 'string', default: 'REGISTER' },
        users: { type: 'string', default: '100000' },
        domain: { type: 'string', default: 'contoso.test' },
        password: { type: 'string' },
        'server-name': { type: 'string' },
        threads: { type: 'string', default: '1' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  if (!(error instanceof UsageError)) process.exit(1);
  process.stderr.write('Try --help.\n');
  process.exit(2);
}

function above0(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new UsageError(`--${name} ${text}: a number above 0`);
  return value;
}

function whole(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/u.test(text)) {
    throw new UsageError(`--${name} ${text}: a whole number from 1 to 999999999`);
  }
  return Number(text);
}

function methodOf(text: string): Method {
  const method = methods.find((known) => known === text);
  if (method === undefined) throw new UsageError(`--method ${text}: ${methods.join(', ')}`);
  return method;
}

function endpointOf(text: string): { address: string; port: number } {
  const [, address, port] = /^(.+):(\d{1,5})$/u.exec(text) ?? [];
  if (address === undefined) throw new UsageError(`${text}: ADDRESS:PORT, such as 127.0.0.1:5061`);
  return { address, port: Number(port) };
}

function files() {
  const { cert, key, ca } = values;
  if (cert === undefined || key === undefined || ca === undefined) {
    throw new UsageError('--cert, --key and --ca are needed');
  }
  return { certificate: cert, key, ca };
}

async function uac(target: string | undefined): Promise<void> {
  const { total, seconds, rate } = values;
  const result = await runLoad(
    {
      ...endpointOf(target ?? ''),
      files: files(),
      connections: whole('connections', values.connections),
      window: whole('window', values.window),
      method: methodOf(values.method),
      users: whole('users', values.users),
      domain: values.domain,
      serverName: values['server-name'],
      password: values.password,
      total: total === undefined ? undefined : whole('total', total),
      rate: rate === undefined ? undefined : above0('rate', rate),
      seconds:
        seconds === undefined ? (total === undefined ? 5 : undefined) : above0('seconds', seconds),
    },
    whole('threads', values.threads),
  );
  process.stdout.write(`${JSON.stringify(result)}\n`);
  if (result.unanswered > 0) process.exitCode = 1;
}

async function uas(targets: readonly string[]): Promise<void> {
  for (const { address, port } of targets.map(endpointOf)) {
    await startSink(address, port, files());
    process.stdout.write(`answering on ${address}:${port}\n`);
  }
}

try {
  const [side, ...targets] = positionals;
  if (values.help === true) process.stdout.write(help);
  else if (side === 'uac' && targets.length === 1) await uac(targets[0]);
  else if (side === 'uas' && targets.length > 0) await uas(targets);
  else throw new UsageError('uac ADDRESS:PORT or uas ADDRESS:PORT...');
} catch (error) {
  fail(error);
}
