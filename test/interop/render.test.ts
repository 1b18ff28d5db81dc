import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { TestDeployment } from './support/deployment.ts';
import { Program } from './support/process.ts';
import { findProgram, needs } from './support/programs.ts';

const run = promisify(execFile);
const proxy = 'rp01.contoso.net';
/** Usher's own reverse proxy has the first; the rendered ones stand beside it. */
const [published, beside] = ['127.20.0.21', '127.20.0.22'];

/** What makes a program of a rendered configuration. */
interface Target {
  readonly name: 'nginx' | 'haproxy';
  readonly debian: string;
  /** The whole configuration around the rendered part. */
  whole(rendered: string, directory: string): string;
  check(file: string): readonly string[];
  serve(file: string): readonly string[];
}

const targets: readonly Target[] = [
  {
    name: 'nginx',
    debian: 'nginx-light',
    whole: (rendered, directory) => `daemon off;
pid ${directory}/nginx.pid;
error_log stderr;
events { worker_connections 256; }
http {
access_log off;
client_body_temp_path ${directory}/body;
proxy_temp_path ${directory}/proxy;
fastcgi_temp_path ${directory}/fastcgi;
uwsgi_temp_path ${directory}/uwsgi;
scgi_temp_path ${directory}/scgi;
${rendered}
}
`,
    check: (file) => ['-t', '-q', '-e', 'stderr', '-c', file],
    serve: (file) => ['-e', 'stderr', '-c', file],
  },
  {
    name: 'haproxy',
    debian: 'haproxy',
    // Two descriptors a connection: more than a test may have.
    whole: (rendered) => rendered.replace('maxconn 10000', 'maxconn 500'),
    check: (file) => ['-c', '-q', '-f', file],
    serve: (file) => ['-db', '-f', file],
  },
];

describe('the reverse proxy may be nginx or HAProxy', () => {
  let deployment: TestDeployment;

  before(async () => {
    deployment = await TestDeployment.start([]);
  });
  after(() => deployment[Symbol.asyncDispose]());

  for (const target of targets) {
    const skip = needs([target.name, target.debian]);

    test(
      `${target.name} takes what is rendered for it, and serves as it should`,
      { skip },
      async () => {
        const directory = join(deployment.state, target.name);
        mkdirSync(directory);
        const pki = join(deployment.state, 'pki');
        const own = join(pki, 'hosts', proxy);
        // HAProxy reads key and chain from one file.
        const both = join(directory, 'both.pem');
        writeFileSync(
          both,
          readFileSync(`${own}.crt`, 'utf8') + readFileSync(`${own}.key`, 'utf8'),
          {
            mode: 0o600,
          },
        );
        const { stdout } = await deployment.usher(
          'reverse-proxy',
          'render',
          deployment.topologyFile,
          `--target=${target.name}`,
          `--certificate=${both}`,
          `--key=${own}.key`,
          `--ca=${join(pki, 'ca.crt')}`,
          `--port-offset=${deployment.portOffset}`,
        );
        const file = join(directory, 'rendered.conf');
        writeFileSync(file, target.whole(stdout.replaceAll(published, beside), directory));
        const program = findProgram(target.name) ?? '';
        await run(program, [...target.check(file)]);
        await using running = new Program(program, target.serve(file));
        await listening(deployment.port(443), running);

        const root = await ask('lyncdiscover.contoso.com', '/?sipuri=nobody@contoso.com');
        assert.equal(root.status, 200);
        assert.match(root.body, /"AccessLocation":"External"/u);
        assert.ok(!root.body.includes('contoso.net'), 'no internal name leaves');
        assert.equal((await ask('webext02.contoso.com', '/health')).status, 200);
        assert.equal((await ask('evil.example', '/')).status, 404);
        assert.equal((await ask('webdirext.contoso.com', '/', { upgrade: 'x' })).status, 501);
        assert.match(await plain('GET /x HTTP/1.1\r\nHost: meet.contoso.com'), /^HTTP\/1\.1 301 /u);
        const twofold = 'GET http://meet.contoso.com/ HTTP/1.1\r\nHost: webext02.contoso.com';
        assert.match(await plain(twofold), /^HTTP\/1\.1 400 /u);
      },
    );
  }

  async function ask(
    host: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; body: string }> {
    const asked = request({
      host: beside,
      port: deployment.port(443),
      servername: 'webdirext.contoso.com',
      ca: readFileSync(deployment.ca),
      path,
      headers: { ...headers, host },
      agent: false,
    });
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    asked.on('response', resolve).on('error', reject).end();
    const answer = await promise;
    let body = '';
    answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    await once(answer, 'end');
    return { status: answer.statusCode ?? 0, body };
  }

  async function plain(head: string): Promise<string> {
    const socket = connect(deployment.port(80), beside);
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    socket.write(`${head}\r\nConnection: close\r\n\r\n`);
    await once(socket, 'close');
    return text;
  }
});

/** Resolves when somebody listens beside Usher's reverse proxy. */
async function listening(port: number, program: Program): Promise<void> {
  for (let attempt = 0; attempt < 100 && program.running; attempt += 1) {
    const socket = connect(port, beside);
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await sleep(50);
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`nobody listens:\n${program.output}`);
}
