import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect as connectTcp, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { channel, systemClock, type Clock, type Dump } from '#base';
import { loadPlan, type Listener, type Plan } from '#ports';
import { buildRequest, type ConnectionEvent, type MessageSeen, type SipFaultEvent } from '#sip';
import { findHost } from '#topology';
import { clientTls, ensurePki, loadCredentials } from '#trust';
import { LogAgent, logDirectory, type LogAgentOptions } from './agent.ts';
import { callAgent } from './agent-client.ts';
import { LogController } from './controller.ts';
import { BatchWriter, type Batch } from './batch.ts';
import type { LogRecord, Observation } from './record.ts';
import type { RefusalEvent } from './recorder.ts';
import type { RecordingPolicy } from './policy.ts';
import { StoreThread } from './store-thread.ts';
import { defaultStoreLimits } from './store.ts';
import { paths } from './paths.ts';

const dir1 = 'dir01.contoso.net';
const dir2 = 'dir02.contoso.net';
const edge = 'edge01.contoso.net';
const contoso = join(dirname(fileURLToPath(import.meta.url)), '../../examples/contoso.yaml');

/** A port nobody has right now: found, and given back. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The plan of the example with every logging socket on a port of its own. */
async function ephemeral(plan: Plan): Promise<Plan> {
  const listeners: Listener[] = [];
  for (const listener of plan.listeners) {
    if (!listener.service.startsWith('log')) continue;
    listeners.push({ ...listener, port: await freePort() });
  }
  return { ...plan, listeners };
}

const sessions = (): Dump => ({ sessions: 3 });

const searchesOf = (agent: LogAgent | undefined): unknown => Object(agent?.dump())['searches'];

let count = 0;
function ownSources() {
  count += 1;
  return {
    messages: channel<MessageSeen>(`usher:test:agent-messages-${count}`),
    connections: channel<ConnectionEvent>(`usher:test:agent-connections-${count}`),
    faults: channel<SipFaultEvent>(`usher:test:agent-faults-${count}`),
    refusals: channel<RefusalEvent>(`usher:test:agent-refusals-${count}`),
  };
}

function message(callId: string, at: number, body = 'Hi'): MessageSeen {
  return {
    at,
    direction: 'in',
    local: '127.10.1.11:1',
    remote: '127.10.8.11:2',
    peer: { kind: 'server', fqdn: edge },
    label: 'sip',
    message: buildRequest({
      method: 'MESSAGE',
      uri: 'sip:bob@contoso.com',
      headers: [
        ['Via', 'SIP/2.0/TLS x;branch=z9hG4bK1'],
        ['From', '<sip:alice@contoso.com>;tag=1'],
        ['To', '<sip:bob@contoso.com>'],
        ['Call-ID', callId],
        ['CSeq', '1 MESSAGE'],
        ['Authorization', 'Digest username="alice", response="0123456789abcdef"'],
      ],
      body: Buffer.from(body),
    }),
  };
}

async function collect(records: AsyncIterable<LogRecord>): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  for await (const record of records) all.push(record);
  return all;
}

describe('logging agents and their controller', () => {
  let state = '';
  let plan: Plan;
  const sources = { [dir1]: ownSources(), [dir2]: ownSources() };
  const agents: LogAgent[] = [];

  async function agentOf(fqdn: string, options: Partial<LogAgentOptions> = {}): Promise<LogAgent> {
    const host = findHost(plan.topology, fqdn);
    assert.ok(host);
    return new LogAgent({
      plan,
      host,
      credentials: await loadCredentials(state, plan.topology, fqdn),
      clock: systemClock,
      stateDirectory: state,
      sources: ownSources(),
      ...options,
    });
  }

  async function controllerOf(...hosts: string[]): Promise<LogController> {
    const credentials = await loadCredentials(state, plan.topology, edge);
    return new LogController({ plan, credentials, hosts });
  }

  function hopOf(fqdn: string, service: string) {
    const listener = plan.listeners.find((one) => one.host === fqdn && one.service === service);
    assert.ok(listener);
    const { address, port } = listener;
    return { address, port, name: fqdn, host: fqdn, flow: '' };
  }

  before(async () => {
    state = await mkdtemp(join(tmpdir(), 'usher-agent-'));
    const loaded = loadPlan(await readFile(contoso, 'utf8'), contoso);
    assert.ok(loaded.ok);
    plan = await ephemeral(loaded.plan);
    await ensurePki(state, plan.topology, new Date());
    for (const fqdn of [dir1, dir2] as const) {
      const agent = await agentOf(fqdn, { sources: sources[fqdn], details: sessions });
      await agent.start();
      agents.push(agent);
    }
  });

  after(async () => {
    await Promise.all(agents.map((agent) => agent.close()));
    await rm(state, { recursive: true });
  });

  test('An agent opens exactly the logging sockets of its host', () => {
    assert.deepEqual(
      agents[0]?.addresses,
      plan.listeners
        .filter((listener) => listener.host === dir1)
        .map(({ service, address, port }) => ({ service, address, port })),
    );
  });

  test('What two hosts saw comes back in one order of time, masked, without text bodies', async () => {
    const at = Date.now();
    sources[dir1].messages.publish(message('merge', at));
    sources[dir2].messages.publish(message('merge', at + 1));
    sources[dir1].messages.publish(message('merge', at + 2));
    const found = (await controllerOf(dir1, dir2)).search({ callIds: ['merge'] });
    const records = await collect(found.records);
    assert.deepEqual(
      records.map((record) => [record.at - at, record.host, record.bodyLength, record.body]),
      [
        [0, dir1, 2, null],
        [1, dir2, 2, null],
        [2, dir1, 2, null],
      ],
    );
    assert.match(records[0]?.head ?? '', /username="alice", response="\*\*\*"/);
    assert.deepEqual(
      (await found.outcomes).map((outcome) => [outcome.host, outcome.kind]),
      [
        [dir1, 'ok'],
        [dir2, 'ok'],
      ],
    );
  });

  test('A call is found whole, although the search matches one hop of it', async () => {
    const at = Date.now();
    for (const callId of ['old', 'middle', 'new']) {
      sources[dir1].messages.publish({ ...message(callId, at), remote: '198.51.100.7:1' });
      sources[dir2].messages.publish(message(callId, at));
    }
    const controller = await controllerOf(dir1, dir2);
    const { records, more } = await controller.correlate({ ip: '198.51.100.7' }, 2);
    assert.deepEqual(records.map(({ host, callId }) => `${host} ${callId}`).toSorted(), [
      `${dir1} middle`,
      `${dir1} new`,
      `${dir2} middle`,
      `${dir2} new`,
    ]);
    assert.equal(more, 1, 'the one that spoke first is left out');
  });

  test('An agent that is down is named with its reason, and the others answer', async () => {
    sources[dir1].messages.publish(message('one-dead', Date.now()));
    const controller = await controllerOf(dir1, edge);
    const found = controller.search({ callIds: ['one-dead'] });
    assert.equal((await collect(found.records)).length, 1);
    const [first, second] = await found.outcomes;
    assert.equal(first?.kind, 'ok');
    assert.ok(second?.kind === 'unreachable' && second.reason.includes('ECONNREFUSED'));
    const status = await controller.status();
    assert.deepEqual(
      status.map(({ kind }) => kind),
      ['ok', 'unreachable'],
    );
  });

  test('The status tells role, scenarios, store and what the role says of itself', async () => {
    const [outcome] = await (await controllerOf(dir1)).status();
    assert.ok(outcome?.kind === 'ok');
    const { role, state: doing, scenarios, details, residentMemory } = outcome.value;
    assert.deepEqual([role, doing, details], ['director', 'recording', { sessions: 3 }]);
    assert.deepEqual(
      scenarios.map(({ name, endsAt }) => [name, endsAt]),
      [['AlwaysOn', null]],
    );
    assert.ok(residentMemory > 1024 * 1024);
  });

  test('A scenario is started, extended and stopped, and says by whom', async () => {
    const controller = await controllerOf(dir2);
    const began = Date.now();
    const [started] = await controller.start({ name: 'Complaint', bodies: 'all' });
    assert.ok(started?.kind === 'ok');
    const complaint = started.value.scenarios.find(({ name }) => name === 'Complaint');
    assert.equal(complaint?.startedBy, edge);
    const hours = ((complaint?.endsAt ?? 0) - began) / 3_600_000;
    assert.ok(hours > 3.99 && hours < 4.01, 'four hours unless told otherwise');
    sources[dir2].messages.publish(message('with-body', Date.now(), 'secret plans'));
    const kept = await collect(controller.search({ callIds: ['with-body'] }).records);
    assert.equal(kept[0]?.body, 'secret plans');
    const [extended] = await controller.update({ duration: 60_000 });
    assert.ok(extended?.kind === 'ok');
    assert.deepEqual(extended.value.changed, ['Complaint']);
    const [stopped] = await controller.stop({ name: 'Complaint' });
    assert.equal(stopped?.kind, 'ok');
    const [again] = await controller.stop({ name: 'Complaint' });
    assert.ok(again?.kind === 'refused' && again.reason.includes('No scenario Complaint'));
    const [flushed] = await controller.flush();
    assert.equal(flushed?.kind, 'ok');
  });

  test('Following shows what is recorded from now on, until it is told to end', async () => {
    const controller = await controllerOf(dir1, dir2);
    sources[dir1].messages.publish(message('before', Date.now()));
    const ending = new AbortController();
    const followed = controller.follow({ uri: 'alice' }, ending.signal);
    const seen: string[] = [];
    const talk = setInterval(() => {
      sources[dir2].messages.publish(message('later', Date.now()));
    }, 50);
    for await (const { callId } of followed.records) {
      seen.push(callId);
      if (seen.length === 2) ending.abort();
    }
    clearInterval(talk);
    assert.deepEqual(seen.slice(0, 2), ['later', 'later']);
    assert.ok((await followed.outcomes).every((outcome) => outcome.kind === 'ok'));
  });

  test('A search left early leaves nothing behind at the agents', async () => {
    for (let index = 0; index < 600; index++) {
      sources[dir1].messages.publish(message('many', Date.now()));
    }
    const found = (await controllerOf(dir1)).search({ callIds: ['many'] });
    for await (const record of found.records) if (record.callId === 'many') break;
    await found.outcomes;
    const all = await collect((await controllerOf(dir1)).search({ callIds: ['many'] }).records);
    assert.equal(all.length, 600);
    for (let tries = 0; tries < 50 && searchesOf(agents[0]) !== 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(searchesOf(agents[0]), 0);
  });

  test('Peers without a certificate of the deployment are refused before HTTP', async () => {
    const hop = hopOf(dir1, 'logControl');
    const { ca } = await loadCredentials(state, plan.topology, edge);
    const socket = connectTls(clientTls(undefined, hop, { ca }));
    socket.on('error', () => {});
    let heard = 0;
    socket.on('data', (chunk) => {
      heard += chunk.length;
    });
    socket.write('GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'close');
    assert.equal(heard, 0);
    const plain = connectTcp(hop.port, hop.address);
    plain.on('error', () => {});
    plain.end('GET / HTTP/1.1\r\n\r\n');
    plain.resume();
    await once(plain, 'close');
  });

  test('Each socket answers its own paths only, and says what is wrong with a request', async () => {
    const credentials = await loadCredentials(state, plan.topology, edge);
    const timeouts = { connect: 2000, answer: 2000 };
    const ask = (service: string, path: string, body?: object): Promise<unknown> =>
      callAgent({
        hop: hopOf(dir1, service),
        credentials,
        localAddresses: [],
        method: body === undefined ? 'GET' : 'POST',
        path,
        body,
        timeouts,
      });
    await assert.rejects(ask('logStatus', paths.search, {}), /404/);
    await assert.rejects(ask('logControl', paths.start), /takes POST.*405/);
    await assert.rejects(ask('logControl', paths.start, { name: '../x' }), /name: .*400/);
    await assert.rejects(ask('logTransfer', paths.search, { limit: 0 }), /limit: .*400/);
    await assert.rejects(ask('logTransfer', paths.search, { text: 'x'.repeat(70_000) }), /413/);
  });

  test('One source cannot take all connections of a socket', async () => {
    const agent = await agentOf('fe01.contoso.net', {
      limits: { listener: { connectionsPerSource: 2 } },
    });
    await agent.start();
    const hop = hopOf('fe01.contoso.net', 'logStatus');
    const idle = await Promise.all(
      [1, 2, 3].map(async () => {
        const socket = connectTcp({ port: hop.port, host: hop.address, localAddress: '127.0.0.9' });
        socket.on('error', () => {});
        await once(socket, 'connect');
        return socket;
      }),
    );
    await Promise.race(idle.map((socket) => once(socket.resume(), 'close')));
    const [status] = await (await controllerOf('fe01.contoso.net')).status();
    assert.equal(status?.kind, 'ok', 'others are served');
    for (const socket of idle) socket.destroy();
    await agent.close();
  });

  test('A port that is taken is the reason the agent gives, and it leaves nothing open', async () => {
    const agent = await agentOf(dir1);
    await assert.rejects(agent.start(), { code: 'EADDRINUSE' });
    await agent.close();
  });

  test('A second process of a host records and leaves the sockets to the first', async () => {
    const own = ownSources();
    const agent = await agentOf(dir1, { sources: own, listen: false });
    await agent.start();
    assert.deepEqual(agent.addresses, []);
    own.messages.publish(message('second-process', Date.now()));
    await agent.drain(1000);
    await agent.close();
    const found = (await controllerOf(dir1)).search({ callIds: ['second-process'] });
    assert.equal((await collect(found.records)).length, 1);
  });

  test('Draining ends followers and takes nobody new', async () => {
    const agent = await agentOf('fe02.contoso.net');
    await agent.start();
    const controller = await controllerOf('fe02.contoso.net');
    const followed = controller.follow({}, new AbortController().signal);
    const reading = collect(followed.records);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await agent.drain(2000);
    await reading;
    const [status] = await controller.status();
    assert.equal(status?.kind, 'unreachable');
    await agent.close();
    await agent.close();
  });
});

function batchOf(seen: Observation): Batch {
  const writer = new BatchWriter();
  writer.add(seen);
  return writer.take();
}

async function threadIn(
  t: TestContext,
  clock: Clock,
): Promise<{ store: StoreThread; directory: string }> {
  const state = await mkdtemp(join(tmpdir(), 'usher-thread-'));
  const directory = logDirectory(state, dir1);
  const store = new StoreThread({ directory, host: dir1, limits: defaultStoreLimits }, clock);
  t.after(async () => {
    await store.close();
    await rm(state, { recursive: true });
  });
  await store.start();
  return { store, directory };
}

describe('the store in its thread', () => {
  const seen: Observation = {
    kind: 'message',
    level: 'Info',
    at: Date.now(),
    sequence: 0,
    direction: 'in',
    local: '',
    remote: '',
    peer: '',
    label: '',
    head: 'ACK sip:x SIP/2.0\r\n\r\n',
    bodyLength: 0,
  };
  const policy: RecordingPolicy = { level: 'Info', bodies: [] };

  test('A thread that dies is counted and replaced, and what it had written is found', async (t) => {
    let offset = 0;
    const clock = { ...systemClock, now: () => Date.now() + offset };
    const { store } = await threadIn(t, clock);
    await store.append(batchOf(seen), policy);
    await store.crash();
    await assert.rejects(store.append(batchOf(seen), policy), /starting again/);
    offset = 2000;
    await store.append(batchOf(seen), policy);
    assert.equal(store.restarts, 1);
    assert.equal((await store.status()).segments, 2);
  });

  test('A directory nobody can make is refused with the way out', async () => {
    const directory = '/dev/null/logs';
    const limits = defaultStoreLimits;
    const store = new StoreThread({ directory, host: dir1, limits }, systemClock);
    await assert.rejects(store.start(), { code: 'USHER_LOG_STORE' });
    await store.close();
  });

  test('Closing leaves sealed segments without side files', async (t) => {
    const { store, directory } = await threadIn(t, systemClock);
    await store.append(batchOf(seen), policy);
    await store.close();
    await assert.rejects(store.status(), /closed/);
    const names = await readdir(directory);
    assert.equal(names.length, 1);
    assert.match(names[0] ?? '', /\.sqlite$/);
  });
});
