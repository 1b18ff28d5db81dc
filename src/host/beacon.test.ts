import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { ManualClock } from '#base';
import { Beacon, beaconPath } from './beacon.ts';

describe('the beacon of a balancer', () => {
  const state = mkdtempSync(join(tmpdir(), 'usher-beacon-'));
  const path = beaconPath(state, 'lb01.contoso.net');
  after(() => rmSync(state, { recursive: true, force: true }));

  it('burns while the balancer is ready, and goes out in order', async () => {
    let ready = true;
    const clock = new ManualClock();
    const beacon = new Beacon(path, clock, () => ready);
    const old = new Date(1000);
    await beacon.start();
    utimesSync(path, old, old);
    clock.advance(500);
    await beacon.settled();
    assert.ok(statSync(path).mtimeMs > 2000, 'it is touched');
    ready = false;
    utimesSync(path, old, old);
    clock.advance(5000);
    await beacon.settled();
    assert.equal(statSync(path).mtimeMs, 1000, 'nobody touches it');
    await beacon.drain();
    assert.equal(existsSync(path), false);
    await beacon.close();
  });
});
