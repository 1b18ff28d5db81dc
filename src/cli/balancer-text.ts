import { hostAndPort } from '#base';
import type { BalancerStatus, MemberStatus } from '#balancer';
import { columns } from './columns.ts';
import type { CliContext } from './context.ts';
import { texts } from './messages/balancer.ts';
import { paint } from './paint.ts';

/** What one member holds over all services of its balancer. */
export interface MemberSessions {
  readonly open: number;
  /** Sessions reset so far, since the start of the balancer. */
  readonly cut: number;
  /** Milliseconds until its drain resets what is left; null when that has happened, or without one. */
  readonly endsIn: number | null;
}

export function sessionsOf({ services }: BalancerStatus, host: string): MemberSessions {
  const its = services.flatMap(({ members }) => members.filter((member) => member.host === host));
  const endsIn = Math.max(0, ...its.map(({ drainEndsIn }) => drainEndsIn ?? 0));
  return {
    open: its.reduce((total, { connections }) => total + connections, 0),
    cut: its.reduce((total, { cut }) => total + cut, 0),
    endsIn: endsIn === 0 ? null : endsIn,
  };
}

/** The status as a person reads it; `now` in milliseconds since the epoch. */
export function statusLines(context: CliContext, status: BalancerStatus, now: number): string[] {
  const text = texts(context.language);
  const ink = paint(context.colour);
  const lines = [ink.strong(text.heading(status.balancer, status.engine))];
  if (status.pair !== null) {
    const { partner, vip, since } = status.pair;
    lines.push(text.pair[vip](partner, ago(now - Date.parse(since))));
  }
  if (status.engineFault !== null) lines.push(ink.bad(text.engineFault(status.engineFault)));
  if (status.memoryFault !== null) lines.push(ink.bad(text.memoryFault(status.memoryFault)));
  const rows = status.services.flatMap(({ service, address, port, members }) =>
    members.map((member) => [
      member.host,
      `${service} ${hostAndPort(address, port)}`,
      text.states[member.state],
      ago(now - Date.parse(member.since)),
      sessions(member, text.until),
      member.nextProbeIn === null ? '–' : `${(member.nextProbeIn / 1000).toFixed(1)} s`,
      member.reason,
    ]),
  );
  const [head = '', ...rest] = columns([text.columns, ...rows]);
  const states = status.services.flatMap(({ members }) => members.map(({ state }) => state));
  lines.push(
    ink.faint(head),
    ...rest.map((line, index) => (states[index] === 'down' ? ink.bad(line) : line)),
  );
  for (const { host, service, state, reason } of status.watched) {
    lines.push(text.watched(host, service, text.states[state], reason));
  }
  return lines;
}

function sessions(
  { connections, drainEndsIn }: MemberStatus,
  until: (seconds: number) => string,
): string {
  if (drainEndsIn === null || drainEndsIn === 0) return String(connections);
  return `${connections} ${until(Math.ceil(drainEndsIn / 1000))}`;
}

/** A span of time in its largest unit that is not zero. */
function ago(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800
    ? `${Math.floor(seconds / 3600)} h`
    : `${Math.floor(seconds / 86_400)} d`;
}
