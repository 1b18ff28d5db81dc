import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { UsherError, type Dump } from '#base';
import { askHost } from './client.ts';
import { answerOf, controlPath, drainLimit, readRequest, requestLimit } from './protocol.ts';
import type { ControlRequest } from './protocol.ts';
import { ControlServer } from './server.ts';
import { combine, type HostStatus } from './status.ts';

const host = 'dir01.contoso.net';

describe('the control socket of a host', () => {
  let state = '';
  let server: ControlServer;
  const asked: ControlRequest[] = [];

  before(async () => {
    state = await mkdtemp(join(tmpdir(), 'usher-control-'));
    server = new ControlServer(controlPath(state, host), (request) =>
      answerOf(async (): Promise<Dump> => {
        asked.push(request);
        if (request.verb !== 'resume') return { verb: request.verb };
        throw new UsherError('USHER_LAST_MEMBER', 'no', { remedy: 'Wait.', exitStatus: 1 });
      }),
    );
    await server.start();
  });
  after(async () => {
    await server.close();
    await rm(state, { recursive: true, force: true });
  });

  test('is for its own account alone', async () => {
    const path = controlPath(state, host);
    const modes = await Promise.all([dirname(path), path].map((each) => stat(each)));
    assert.deepEqual(
      modes.map(({ mode }) => mode & 0o777),
      [0o700, 0o600],
    );
  });

  test('hands a request over and brings the answer back', async () => {
    const request = { verb: 'drain', member: host, deadline: 5000, force: false } as const;
    assert.deepEqual(await askHost(state, host, request), { verb: 'drain' });
    assert.deepEqual(asked.at(-1), request);
  });

  test('brings a refusal back with code, remedy and exit status', async () => {
    await assert.rejects(askHost(state, host, { verb: 'resume' }), {
      code: 'USHER_LAST_MEMBER',
      message: 'no',
      remedy: 'Wait.',
      exitStatus: 1,
    });
  });

  /** What comes back for these bytes. */
  async function answerTo(bytes: string): Promise<string> {
    const socket = connect(controlPath(state, host));
    await once(socket, 'connect');
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    socket.write(bytes);
    await once(socket, 'close');
    return text;
  }

  const hostile: Readonly<Record<string, string>> = {
    'an empty line': '\n',
    'no JSON': 'GET / HTTP/1.1\r\n\r\n',
    'a list': '[]\n',
    'another verb': '{"verb":"stop"}\n',
    'a deadline beyond a day': `{"verb":"drain","deadline":${drainLimit + 1}}\n`,
    'half a millisecond': '{"verb":"drain","deadline":0.5}\n',
    'a member that is a path': '{"verb":"resume","member":"../../etc"}\n',
    'a line without end': 'x'.repeat(requestLimit + 1),
  };
  for (const [what, bytes] of Object.entries(hostile)) {
    test(`refuses ${what}, says so, and hands nothing over`, async () => {
      const handed = asked.length;
      assert.match(await answerTo(bytes), /^\{"ok":false,"code":"USHER_CONTROL_REQUEST".*\}\n$/u);
      assert.equal(asked.length, handed);
    });
  }

  test('takes a line that comes in pieces', async () => {
    const socket = connect(controlPath(state, host));
    await once(socket, 'connect');
    socket.write('{"verb":');
    socket.write('"status"}\nmore');
    const [answer] = await once(socket, 'data');
    assert.equal(String(answer), '{"ok":true,"value":{"verb":"status"}}\n');
    socket.destroy();
  });

  test('is not opened twice', async () => {
    const twin = new ControlServer(controlPath(state, host), () => answerOf(async () => null));
    await assert.rejects(twin.start(), { code: 'USHER_CONTROL_TAKEN' });
    assert.deepEqual(await askHost(state, host, { verb: 'status' }), { verb: 'status' });
  });

  test('replaces what a dead process left, and leaves nothing itself', async () => {
    const path = controlPath(state, 'dir02.contoso.net');
    await writeFile(path, '');
    const other = new ControlServer(path, () => answerOf(async () => 1));
    await other.start();
    assert.equal(await askHost(state, 'dir02.contoso.net', { verb: 'status' }), 1);
    await Promise.all([other.close(), other.close()]);
    assert.ok(!(await readdir(dirname(path))).includes('dir02.contoso.net.sock'));
  });

  test('with a path too long for a socket says so before anything is opened', async () => {
    const path = controlPath(join(state, 'x'.repeat(100)), host);
    const far = new ControlServer(path, () => answerOf(async () => null));
    await assert.rejects(far.start(), { code: 'USHER_CONTROL_PATH' });
  });

  test('of a host that does not run is missed with the way out', async () => {
    await assert.rejects(askHost(state, 'fe01.contoso.net', { verb: 'status' }), {
      code: 'USHER_HOST_NOT_RUNNING',
      exitStatus: 1,
    });
  });
});

test('a request without force is one that does not force', () => {
  assert.deepEqual(readRequest('{"verb":"drain","deadline":1}'), {
    verb: 'drain',
    deadline: 1,
    force: false,
  });
});

test('an error nobody foresaw is an answer, too', async () => {
  const answer = await answerOf(() => Promise.reject(new Error('out of luck')));
  assert.ok(!answer.ok && answer.code === 'USHER_UNEXPECTED' && answer.message === 'out of luck');
});

describe('the workers of a host answer as one', () => {
  const one: HostStatus = {
    host,
    role: 'director',
    state: 'up',
    since: null,
    unfinished: 2,
    connections: 3,
    workers: 1,
  };

  test('their work adds up, and the host drains when all of them do', () => {
    const answer = combine([
      { ok: true, value: { ...one, state: 'draining' } },
      { ok: true, value: { ...one, state: 'draining', unfinished: 5 } },
    ]);
    assert.deepEqual(answer, {
      ok: true,
      value: { ...one, state: 'draining', unfinished: 7, connections: 6, workers: 2 },
    });
  });

  test('one that takes requests keeps the host up', () => {
    const answer = combine([
      { ok: true, value: { ...one, state: 'draining' } },
      { ok: true, value: one },
    ]);
    assert.deepEqual(answer, {
      ok: true,
      value: { ...one, unfinished: 4, connections: 6, workers: 2 },
    });
  });

  test('one that refuses refuses for all', async () => {
    const refusal = await answerOf(() => Promise.reject(new Error('no')));
    assert.equal(combine([{ ok: true, value: one }, refusal]), refusal);
  });
});
