import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { TestDeployment } from './support/deployment.ts';
import { SipPhone } from './support/sip-phone.ts';

const alice = { aor: 'alice@contoso.com', password: 'Wonder-1', homePool: 'fepool01.contoso.net' };
const bob = { aor: 'bob@contoso.com', password: 'Builder-1', homePool: 'fepool02.contoso.net' };
const carol = { aor: 'carol@contoso.com', password: 'Singer-1', homePool: 'fepool01.contoso.net' };

/** Waits until the phone has heard this request; a second is long on one machine. */
async function hears(phone: SipPhone, method: string): Promise<void> {
  for (let i = 0; i < 100 && !phone.heard.includes(method); i++) await setTimeout(10);
  assert.ok(phone.heard.includes(method), `${phone.aor} hears ${method}: ${phone.heard.join()}`);
}

describe('calls of remote users, phones and signalling as RFC 3261 has them', () => {
  let deployment: TestDeployment;
  let caller: SipPhone;
  let desk: SipPhone;
  let mobile: SipPhone;
  let neighbour: SipPhone;
  const phones: SipPhone[] = [];

  const signIn = async (user: { aor: string; password: string }): Promise<SipPhone> => {
    const { edge, ca } = deployment;
    const phone = await SipPhone.connect({ ...user, edge, ca });
    phones.push(phone);
    assert.equal((await phone.register()).status, 200);
    return phone;
  };

  const everybodySignsIn = async (): Promise<void> => {
    for (const phone of phones.splice(0)) phone.close();
    [caller, desk, mobile, neighbour] = [
      await signIn(alice),
      await signIn(bob),
      await signIn(bob),
      await signIn(carol),
    ];
  };

  before(async () => {
    deployment = await TestDeployment.start([alice, bob, carol]);
    await everybodySignsIn();
  });

  after(async () => {
    for (const phone of phones) phone.close();
    await deployment?.[Symbol.asyncDispose]();
  });

  const forget = (): void => {
    for (const phone of phones) phone.heard.length = 0;
  };

  /** Calls, has it picked up, and sees the ACK arrive. */
  const talk = async (from: SipPhone, to: SipPhone): Promise<void> => {
    forget();
    const call = from.call(to.aor);
    await call.ringing;
    await hears(to, 'INVITE');
    to.pickUp();
    assert.equal((await call.final).status, 200);
    await hears(to, 'ACK');
  };

  test('both phones of a user ring; one answers, the other hears CANCEL; both ends renegotiate and hang up', async () => {
    await talk(caller, desk);
    await hears(mobile, 'CANCEL');
    assert.match(mobile.reason ?? '', /cause=200/u, 'no missed call');
    for (const [from, to] of [
      [caller, desk],
      [desk, caller],
    ] as const) {
      forget();
      assert.equal((await from.within('INVITE')).status, 200);
      await hears(to, 'ACK');
      for (const method of ['INFO', 'UPDATE', 'REFER', 'NOTIFY']) {
        assert.equal((await from.within(method)).status, 200, method);
        assert.ok(to.heard.includes(method));
      }
    }
    assert.equal((await desk.within('BYE')).status, 200);
    assert.ok(caller.heard.includes('BYE'));
    assert.ok(!mobile.heard.includes('BYE'));
  });

  test('a caller who gives up stops both phones and gets 487', async () => {
    forget();
    const call = caller.call(bob.aor);
    await call.ringing;
    await hears(desk, 'INVITE');
    await hears(mobile, 'INVITE');
    assert.equal((await call.cancel()).status, 200);
    assert.equal((await call.final).status, 487);
    await hears(desk, 'CANCEL');
    await hears(mobile, 'CANCEL');
  });

  test('users of one pool call each other, and somebody calls their own other phone', async () => {
    await talk(caller, neighbour);
    assert.equal((await caller.within('BYE')).status, 200);
    await talk(desk, mobile);
    assert.equal((await mobile.within('BYE')).status, 200);
  });

  test('nobody who was let into one dialog writes to others, or in the name of others', async () => {
    await talk(caller, neighbour);
    const { dialog } = caller;
    assert.ok(dialog);
    for (const lie of [
      { local: dialog.local.replace(alice.aor, bob.aor) },
      { remote: dialog.remote.replace(carol.aor, bob.aor) },
    ]) {
      caller.dialog = { ...dialog, ...lie };
      assert.equal((await caller.within('MESSAGE')).status, 403);
    }
    caller.dialog = { ...dialog, cseq: dialog.cseq + 5 };
    assert.equal((await caller.within('BYE')).status, 200);
  });

  test('a Director killed while it rings ends that call with an answer; calls that stand go on, new ones pass', async () => {
    await talk(caller, neighbour);
    const standing = [caller.dialog, neighbour.dialog] as const;
    forget();
    const call = caller.call(bob.aor);
    await call.ringing;
    await hears(desk, 'INVITE');
    const director = desk.cameBy.find((host) => host.startsWith('dir'));
    assert.ok(director !== undefined, desk.cameBy.join());
    process.kill(await deployment.pidOf(director), 'SIGKILL');
    const begun = performance.now();
    assert.equal((await call.final).status, 504);
    assert.ok(performance.now() - begun < 5000, 'the caller is told at once');
    [caller.dialog, neighbour.dialog] = standing;
    assert.equal((await caller.within('INVITE')).status, 200);
    assert.equal((await neighbour.within('INVITE')).status, 200);
    assert.equal((await neighbour.within('BYE')).status, 200);
    await talk(caller, mobile);
    assert.equal((await mobile.within('BYE')).status, 200);
    await deployment.up.see(new RegExp(`${director} is back`, 'u'), 20);
  });

  test('after a restart of the Edge nobody is called over a connection of before, and everybody who signs in again is reached', async () => {
    process.kill(await deployment.pidOf('edge01.contoso.net'), 'SIGKILL');
    await deployment.up.see(/edge01\.contoso\.net is back/u, 20);
    const alone = await signIn(alice);
    assert.equal((await alone.call(bob.aor).final).status, 480);
    await everybodySignsIn();
    await talk(caller, desk);
    assert.equal((await caller.within('BYE')).status, 200);
  });
});
