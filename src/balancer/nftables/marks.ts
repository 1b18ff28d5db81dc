import type { EngineMember, EngineService } from '../engine.ts';

/** What decides about sessions. */
interface Holding extends Pick<EngineService, 'address'> {
  readonly members: readonly Pick<EngineMember, 'host' | 'state' | 'sessions'>[];
}

/** Which number stands for which member of a VIP; a number once given keeps its meaning. */
export class Marks {
  readonly #numbers = new Map<string, Map<string, number>>();

  /** The mark of a member, from 1. */
  of(vip: string, host: string): number {
    let numbers = this.#numbers.get(vip);
    if (numbers === undefined) this.#numbers.set(vip, (numbers = new Map<string, number>()));
    let mark = numbers.get(host);
    if (mark === undefined) numbers.set(host, (mark = numbers.size + 1));
    return mark;
  }

  /** Marks of a service whose connections have to end: health says so, the member is gone or expelled. */
  toCut(
    service: Holding,
    expelled: (mark: number, state: EngineMember['state']) => boolean,
  ): readonly number[] {
    const members = new Map(service.members.map((member) => [member.host, member]));
    return [...(this.#numbers.get(service.address) ?? [])].flatMap(([host, mark]) => {
      const member = members.get(host);
      const fallen = member?.state === 'down' && member.sessions === 'reset';
      return member === undefined || fallen || expelled(mark, member.state) ? [mark] : [];
    });
  }
}
