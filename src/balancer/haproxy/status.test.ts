import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ledger } from './ledger.ts';
import { readEnd, readStatistics, readTables, readWorkers } from './status.ts';

const head =
  '# pxname,svname,qcur,scur,stot,bin,bout,econ,wretr,wredis,status,dcon,\npool_sip,FRONTEND,,4,9,100,200,,,,OPEN,3,\n';

/** Statistics of one server. */
function line(open: number, total: number) {
  return readStatistics(`${head}pool_sip,dir01.contoso.net,0,${open},${total},0,0,0,0,0,UP,,\n`);
}

describe('what HAProxy says of itself', () => {
  it('is read by the names of its columns', () => {
    const [front, server] = readStatistics(
      `${head}pool_sip,dir01.contoso.net,0,4,8,100,200,1,2,3,UP,,\n\n`,
    );
    assert.deepEqual(front && [front.denied, front.bytesIn, front.bytesOut], [3, 100, 200]);
    assert.deepEqual(server && [server.open, server.total, server.troubles], [4, 8, 6]);
    assert.throws(() => readStatistics('# pxname,svname\n'), { code: 'USHER_BALANCER_EXPORT' });
  });

  it('tells the worker that takes connections from those that end', () => {
    const text =
      '#<PID> <type> <reloads> <uptime> <version>\n77 master 1 [failed: 0] 0d 2.6\n# workers\n90 worker 0 0d 2.6\n# old workers\n80 worker 1 0d 2.6\n# programs\n';
    assert.deepEqual(readWorkers(text), { present: 90, old: [80] });
    assert.deepEqual(readWorkers('# workers\n# programs\n'), { present: undefined, old: [] });
  });

  it('names the sessions in which nothing moved', () => {
    assert.deepEqual(readEnd('session pool_sip dir01.contoso.net cD'), {
      service: 'pool_sip',
      how: 'idle',
    });
    assert.equal(readEnd('session pool_sip dir01.contoso.net K-')?.how, 'other');
    assert.equal(readEnd('Server pool_sip/dir01 is UP'), undefined);
  });

  it('counts the entries of a table', () => {
    const tables = readTables('# table: affinity_x, type: ipv6, size:102400, used:17\n');
    assert.equal(tables.get('affinity_x'), 17);
  });

  it('is summed up over a reload: what an ended worker counted stays, what it held does not', () => {
    const ledger = new Ledger();
    ledger.seen(new Map([[80, line(2, 5)]]), new Map());
    ledger.seen(
      new Map([
        [80, line(1, 5)],
        [90, line(3, 4)],
      ]),
      new Map(),
    );
    assert.equal(ledger.open('pool/sip', 'dir01.contoso.net'), 4);
    ledger.seen(new Map([[90, line(3, 4)]]), new Map());
    assert.equal(ledger.open('pool/sip', 'dir01.contoso.net'), 3);
  });
});
