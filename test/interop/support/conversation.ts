import type { Baresip } from './baresip.ts';
import type { Linphone } from './linphone.ts';

/* What two people with phones of different makes do; each resolves when the phones have said it happened. */

/** Seconds a phone may take to say so. */
const patience = 15;

/** baresip calls linphonec, who answers, and hangs up. */
export async function baresipCalls(
  baresip: Baresip,
  linphone: Linphone,
  callee: string,
): Promise<void> {
  const begin = baresip.program.output.length;
  const heard = linphone.program.output.length;
  baresip.command('dial', `sip:${callee}`);
  await baresip.program.see(/Call established/u, patience, begin);
  baresip.command('hangup');
  await linphone.program.see(/LinphoneCallEnd/u, patience, heard);
}

/** linphonec calls baresip, who answers, and hangs up. */
export async function linphoneCalls(
  linphone: Linphone,
  baresip: Baresip,
  callee: string,
): Promise<void> {
  const begin = linphone.program.output.length;
  const heard = baresip.program.output.length;
  linphone.program.type(`call sip:${callee}`);
  await linphone.program.see(/LinphoneCallStreamsRunning/u, patience, begin);
  linphone.program.type('terminate');
  await baresip.program.see(/session closed|terminated/u, patience, heard);
}

/** baresip writes to the next of its contacts, which is the one of linphonec. */
export async function baresipWrites(
  baresip: Baresip,
  linphone: Linphone,
  text: string,
): Promise<void> {
  const begin = linphone.program.output.length;
  baresip.command('contact_next');
  baresip.command('message', text);
  await linphone.program.see(new RegExp(text, 'u'), patience, begin);
}

/** linphonec writes to the user of baresip. */
export async function linphoneWrites(
  linphone: Linphone,
  baresip: Baresip,
  to: string,
  text: string,
): Promise<void> {
  const begin = baresip.program.output.length;
  linphone.program.type(`chat sip:${to} ${text}`);
  await baresip.program.see(new RegExp(text, 'u'), patience, begin);
}
