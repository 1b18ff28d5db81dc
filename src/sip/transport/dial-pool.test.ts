import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, suite, test } from 'node:test';

import { request } from '../proxy/memory.fixture.ts';
import type { SipHop } from '../proxy/model.ts';
import { TlsLab, ok, until } from '../tls.fixture.ts';

/** On loopback every address is as good as one of the other family. */
const elsewhere = '127.0.0.2';

suite('A hop with two address families', () => {
  let lab: TlsLab;
  before(async () => {
    lab = await TlsLab.create();
  });
  after(() => lab.close());

  /** What a client hears whose request is forwarded to this hop, and how the hop is doing. */
  async function forwarded(hop: SipHop) {
    const proxy = await lab.start(() => ({
      kind: 'forward',
      plan: { groups: [[{ via: { kind: 'hops', hops: [hop] } }]] },
    }));
    const client = lab.client(proxy.hop);
    client.send(request('MESSAGE'));
    await until(() => client.statuses.length > 0, 'an answer');
    return { statuses: client.statuses, hops: proxy.sip.dump().hops };
  }

  test('is reached by the preferred one', async () => {
    const preferred = await lab.start(ok);
    const other = await lab.start(ok);
    const { statuses } = await forwarded({ ...preferred.hop, otherwise: other.hop });
    assert.deepEqual(statuses, [200]);
    assert.equal(preferred.opened.length, 1);
    assert.equal(other.opened.length, 0);
    await lab.close();
  });

  test('is reached by the other one when the preferred is refused, and is not down', async () => {
    const { hop, opened } = await lab.start(ok);
    const { statuses, hops } = await forwarded({ ...hop, address: elsewhere, otherwise: hop });
    assert.deepEqual(statuses, [200]);
    assert.equal(opened.length, 1);
    assert.deepEqual(
      hops.map(({ down }) => down),
      [false],
    );
    await lab.close();
  });

  test('is reached by the other one when the preferred keeps silent', async () => {
    const silent = createServer((socket) => void socket.on('error', () => {}));
    silent.listen(0, elsewhere);
    await once(silent, 'listening');
    const at = silent.address();
    assert.ok(typeof at === 'object' && at !== null);
    const { hop, opened } = await lab.start(ok);
    const preferred = { ...hop, address: elsewhere, port: at.port };
    const { statuses } = await forwarded({ ...preferred, otherwise: hop });
    assert.deepEqual(statuses, [200]);
    assert.equal(opened.length, 1);
    await lab.close();
    silent.close();
  });

  test('is down when neither connects, and the failure names both', async () => {
    const { hop } = await lab.start(ok);
    const gone = { ...hop, address: elsewhere };
    const { statuses, hops } = await forwarded({ ...gone, otherwise: { ...gone, port: 1 } });
    assert.deepEqual(statuses, [504]);
    assert.equal(hops[0]?.down, true);
    assert.match(hops[0].lastFailure, /ECONNREFUSED/u);
    await lab.close();
  });
});
